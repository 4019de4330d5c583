/** How a body that was on its way has ended: all of it was sent, its receiver has left, or it was cut from our side. */
export type FlowEnd = { outcome: "sent" | "left" } | { outcome: "cut"; reason: unknown };

/** A body that is still on its way when the head of its answer goes out. */
export class Flow {
  #bytes = 0;
  #end: FlowEnd | undefined;
  #tell: ((end: FlowEnd, bytes: number) => void) | undefined;

  /** The receiver has taken so many bytes more. */
  took(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Only the first end counts. */
  over(end: FlowEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#tell?.(end, this.#bytes);
  }

  /** Calls `tell` once, with all bytes that were taken, when it is over or if it is so already. */
  whenOver(tell: (end: FlowEnd, bytes: number) => void): void {
    if (this.#end) tell(this.#end, this.#bytes);
    else this.#tell = tell;
  }
}
