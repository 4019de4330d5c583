import type { Log } from "../lib/log.ts";
import type { ByteRange } from "../lib/range.ts";
import { type UpstreamClient, UpstreamError } from "../upstream/contract.ts";
import { lost, requireSame } from "./claims.ts";
import type { ByteSource } from "./contract.ts";
import { reasonOf, tooManyParts } from "./errors.ts";
import type { Fills } from "./fills.ts";
import type { Flight, Wanted } from "./flight.ts";
import type { Lessons } from "./lessons.ts";
import { WindowSource } from "./window-source.ts";

/** What begins no further than so many bytes beyond what the fill has is left to the fill: a request takes its time, too. */
const nearBytes = 1 << 20;
/** Windows that one upstream is asked for at a time: most of its connections stay free for fills. */
const maxOpen = 16;
/** More are refused: each keeps a connection of a client. */
const maxWaiting = 128;

interface Options {
  client: UpstreamClient;
  log: Log;
}

export interface Window {
  source: ByteSource;
  /** As the upstream calls it. */
  contentType: string | undefined;
  /** Whether a fill of the whole goes on behind. */
  isFilling: boolean;
}

interface Asked {
  wanted: Wanted;
  range: ByteRange;
  size: number;
}

/** Inner parts of blobs that are not stored, relayed from the upstream, not verified, while one fill goes on behind. */
export class Windows {
  readonly #options: Options;
  readonly #fills: Fills;
  readonly #lessons: Lessons;
  /** How many are open, by upstream. */
  readonly #open = new Map<number, number>();
  /** Who waits for one to end, by upstream: where nothing can be stored, a window is all there is. */
  readonly #waiting = new Map<number, Set<() => void>>();

  constructor(options: Options, fills: Fills, lessons: Lessons) {
    this.#options = options;
    this.#fills = fills;
    this.#lessons = lessons;
  }

  /**
   * An inner part of a blob of `size`, relayed; `gone` ends it. Undefined where the fill is to be followed instead: it
   * has the bytes or will soon, windows have cost enough already, or the upstream does not answer as it should.
   */
  async relay(
    wanted: Wanted,
    range: ByteRange,
    size: number,
    gone: AbortSignal,
  ): Promise<Window | undefined> {
    const asked = { wanted, range, size };
    if (!this.#fills.flying(wanted) && this.#fills.hasRested(wanted)) return undefined;
    const { isOver } = this.#lessons.allowance(wanted);
    // Nothing is stored behind it, so nothing is downloaded twice: it costs what was asked for, and waits for its turn.
    if (!this.#fills.isWorthwhile(wanted)) {
      if (isOver) return undefined;
      return this.#ask(asked, gone, false, await this.#enterInTurn(wanted.upstream.id, gone));
    }
    if (!isOver && this.#isWorthIt(asked)) return this.#race(asked, gone);
    this.#fills.attend(wanted);
    return undefined;
  }

  #isWorthIt({ wanted, range, size }: Asked): boolean {
    const fill = this.#fills.flying(wanted)?.fill;
    if (fill && fill.state !== "filling") return false;
    if (range.first <= (fill?.arrived ?? 0) + nearBytes) return false;
    if ((this.#open.get(wanted.upstream.id) ?? 0) >= maxOpen) return false;
    return this.#lessons.allowance(wanted).take(range.last - range.first + 1, size);
  }

  /** The upstream's answer, unless the fill comes to the range before. */
  async #race(asked: Asked, gone: AbortSignal): Promise<Window | undefined> {
    const overtaken = new AbortController();
    const end = AbortSignal.any([gone, overtaken.signal]);
    let isAnswered = false;
    const asking = this.#ask(asked, end, true).finally(() => (isAnswered = true));
    // Begun second: of the connections that are open, the window is to have the first.
    const flight = this.#fills.attend(asked.wanted);
    const reaching = reach(flight, asked.range.first, () => isAnswered);
    const first = await Promise.race([asking, reaching]);
    if (first !== reached) return first;
    overtaken.abort();
    // It may have been answered in the same moment.
    await (await asking)?.source.cancel();
    return undefined;
  }

  /** Undefined where it does not come as asked for: then, as when it breaks off, no more are asked for until the blob is stored. */
  async #ask(
    asked: Asked,
    end: AbortSignal,
    isFilling: boolean,
    leave = this.#enter(asked.wanted.upstream.id),
  ): Promise<Window | undefined> {
    const { upstream, digest } = asked.wanted;
    const allowance = this.#lessons.allowance(asked.wanted);
    const signal = AbortSignal.any([this.#fills.closing, allowance.signal, end]);
    const over = (failure?: UpstreamError) => {
      leave();
      if (!failure || signal.aborted) return;
      allowance.end();
      const fields = { upstream: upstream.name, digest, reason: reasonOf(failure) };
      this.#options.log.warn("part of a blob was not relayed", fields);
    };
    try {
      return { ...(await this.#send(asked, signal, over)), isFilling };
    } catch (error) {
      over(error instanceof UpstreamError ? error : undefined);
      if (signal.aborted || error instanceof UpstreamError) return undefined;
      throw error;
    }
  }

  async #send(
    { wanted, range: { first, last }, size }: Asked,
    signal: AbortSignal,
    over: (failure?: UpstreamError) => void,
  ): Promise<Omit<Window, "isFilling">> {
    const { upstream, repository, digest, marks } = wanted;
    const options = { offset: first, last, signal, marks };
    const open = await this.#options.client.blob(upstream, repository, digest, options);
    if (!open.found) throw lost(wanted);
    const source = new WindowSource(open.body, last - first + 1, upstream.name, over);
    try {
      requireSame(wanted, open, size);
    } catch (error) {
      await source.cancel();
      throw error;
    }
    return { source, contentType: open.contentType };
  }

  /** The same when fewer are open than may be, or nobody wants it any more. Throws where too many wait. */
  async #enterInTurn(upstreamId: number, gone: AbortSignal): Promise<() => void> {
    while ((this.#open.get(upstreamId) ?? 0) >= maxOpen && !gone.aborted) {
      const waiting = this.#waiting.get(upstreamId) ?? new Set();
      if (waiting.size >= maxWaiting) throw tooManyParts();
      this.#waiting.set(upstreamId, waiting);
      const turn = Promise.withResolvers<void>();
      const come = () => turn.resolve();
      waiting.add(come);
      gone.addEventListener("abort", come);
      await turn.promise;
      gone.removeEventListener("abort", come);
      waiting.delete(come);
      if (waiting.size === 0) this.#waiting.delete(upstreamId);
    }
    return this.#enter(upstreamId);
  }

  /** One has ended: one begins. */
  #wake(upstreamId: number): void {
    const waiting = this.#waiting.get(upstreamId);
    const [first] = waiting ?? [];
    if (!waiting || !first) return;
    waiting.delete(first);
    first();
  }

  /** What it returns is to be called when the window is over, once or more often. */
  #enter(upstreamId: number): () => void {
    this.#open.set(upstreamId, (this.#open.get(upstreamId) ?? 0) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = (this.#open.get(upstreamId) ?? 1) - 1;
      if (left > 0) this.#open.set(upstreamId, left);
      else this.#open.delete(upstreamId);
      this.#wake(upstreamId);
    };
  }
}

const reached = Symbol("reached");

/** Resolves when the fill has come to a position; never where it does not, or when that makes no difference any more. */
async function reach(
  { started }: Flight,
  position: number,
  isNoMatter: () => boolean,
): Promise<typeof reached> {
  const outcome = await started.catch(() => undefined);
  const fill = outcome?.found && "fill" in outcome ? outcome.fill : undefined;
  for (;;) {
    const isSound = fill?.state === "filling" || fill?.state === "verified";
    if (!fill || !isSound || isNoMatter()) return new Promise(() => {});
    if (fill.arrived > position) return reached;
    await fill.change();
  }
}
