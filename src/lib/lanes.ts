interface Lane {
  busy: number;
  waiting: Set<() => void>;
}

/**
 * So many at a time for each key, the others in turn. Without it one upstream that hangs would take all the
 * connections that the process may have, and every other upstream would wait for it.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  constructor(readonly width: number) {}

  /** Resolves with what gives the place up again, to be called once; rejects when the signal fires before. */
  async enter(key: string, signal: AbortSignal): Promise<() => void> {
    const lane = this.#lanes.get(key) ?? { busy: 0, waiting: new Set() };
    this.#lanes.set(key, lane);
    if (lane.busy < this.width) lane.busy++;
    else await turn(lane, signal); // whoever leaves hands the place on
    return () => this.#leave(key, lane);
  }

  #leave(key: string, lane: Lane): void {
    for (const next of lane.waiting) {
      lane.waiting.delete(next);
      return next();
    }
    if (--lane.busy === 0) this.#lanes.delete(key);
  }
}

function turn(lane: Lane, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const go = () => {
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const stop = () => {
      lane.waiting.delete(go);
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
    lane.waiting.add(go);
  });
}
