import type { Outlet, Teller } from "./event-stream.ts";

/** How something is doing; `isOver`: nothing more comes of it. */
export interface Sight {
  data: unknown;
  isOver: boolean;
}

/** Tells what something is like now, again whenever it is otherwise, and its end. */
export class Sights implements Teller {
  readonly everyMs = 1000;
  readonly #see: () => Promise<Sight | undefined>;
  #told = "";

  /** `see`: undefined where there is nothing to be seen any more. */
  constructor(see: () => Promise<Sight | undefined>) {
    this.#see = see;
  }

  async tell(outlet: Outlet): Promise<"on" | "over"> {
    const { data = {}, isOver = true } = (await this.#see()) ?? {};
    const seen = JSON.stringify(data);
    if (seen !== this.#told || isOver) outlet.event(isOver ? "end" : "progress", data);
    this.#told = seen;
    return isOver ? "over" : "on";
  }

  left(): void {}
}
