import type { Clock } from "../../lib/clock.ts";
import { Ring } from "../../lib/ring.ts";
import type { Registry } from "../../metadata/contract.ts";
import type { Exchange, PullKind, Told } from "../exchange.ts";
import type { FlowEnd } from "../flow.ts";
import type { V2Path } from "../v2/path.ts";

/** Of all groups together; those that failed are remembered apart, so that thousands of hits do not push them out. */
const maxPulls = 1000;
const maxFailed = 500;

/** A pull that has ended. */
export interface PastPull {
  /** In the order in which they ended at this server, from 1 on. */
  sequence: number;
  at: number;
  requestId: string;
  method: string;
  groupId: number;
  registryId: number;
  registry: string;
  path: V2Path;
  kind: PullKind;
  told: Told;
  status: number;
  bytes: number;
  ms: number;
  actor: string | undefined;
  outcome: FlowEnd["outcome"] | "refused";
  /** A `RegistryError`, or what has cut the transfer. */
  failure: unknown;
  /** Those that it is about, where that is known. */
  upstreamIds: readonly number[];
  /** Lineages of the groups whose members alone may know of it. */
  readers: readonly (readonly number[])[];
}

/** Is shown each pull as it ends. Takes no time. */
export interface PullWatcher {
  offer(pull: PastPull): void;
}

const none: readonly never[] = [];

/** What was pulled lately through registries, in memory. A pull pays for one small object. */
export class RecentPulls {
  readonly #clock: Clock;
  readonly #pulls = new Ring<PastPull>(maxPulls);
  readonly #failed = new Ring<PastPull>(maxFailed);
  readonly #watchers = new Set<PullWatcher>();
  /** Tells the positions of this process from those of any other. */
  readonly #process = crypto.getRandomValues(new Uint8Array(6)).toHex();
  #count = 0;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** The head of an answer is ready. What is still on its way then counts when it is over. */
  answered(exchange: Exchange, method: string, status: number): void {
    const { registry, flow } = exchange;
    // A Dependency Proxy has other readers.
    if (!registry || registry.id < 1) return;
    if (!flow) {
      const { bytes = 0, refusal } = exchange;
      const outcome = refusal ? "refused" : "sent";
      return this.#note(exchange, registry, { method, status, bytes, outcome, failure: refusal });
    }
    flow.whenOver((end, bytes) => {
      const failure = end.outcome === "cut" ? (end.reason ?? "cut") : undefined;
      const { outcome } = end;
      this.#note(exchange, registry, { method, status, bytes, outcome, failure });
    });
  }

  /** From the newest to the oldest. */
  *newest(): Generator<PastPull> {
    const failed = this.#failed.newest();
    let next = failed.next();
    for (const pull of this.#pulls.newest()) {
      for (; !next.done && next.value.sequence > pull.sequence; next = failed.next()) {
        yield next.value;
      }
      yield pull;
    }
    for (; !next.done; next = failed.next()) yield next.value;
  }

  /** Where in the row of all pulls it stands, for who comes again. */
  positionOf({ sequence }: PastPull): string {
    return `${this.#process}-${sequence.toString(36)}`;
  }

  /** Those that ended after this position, the oldest first; undefined where it cannot be told any more. */
  since(position: string): PastPull[] | undefined {
    const [process, text = ""] = position.split("-");
    const sequence = Number.parseInt(text, 36);
    if (process !== this.#process || !(sequence <= this.#count)) return undefined;
    const later: PastPull[] = [];
    for (const pull of this.newest()) {
      if (pull.sequence <= sequence) break;
      later.push(pull);
    }
    // Each has one number more than the one before: where some are missing, they are gone.
    return later.length === this.#count - sequence ? later.toReversed() : undefined;
  }

  /** Until what is returned is called. */
  watch(watcher: PullWatcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #note(
    { id, started, kind = "other", told, actor, asked }: Exchange,
    registry: Registry,
    end: Pick<PastPull, "method" | "status" | "bytes" | "outcome" | "failure">,
  ): void {
    if (!told || !asked) return;
    const { method, status, bytes, outcome, failure } = end;
    const { source } = told;
    const pull: PastPull = {
      sequence: ++this.#count,
      at: this.#clock.now(),
      requestId: id,
      method,
      groupId: registry.groupId,
      registryId: registry.id,
      registry: registry.name,
      path: asked,
      kind,
      told,
      status,
      bytes,
      ms: this.#clock.elapsed() - started,
      actor,
      outcome,
      failure,
      upstreamIds: source ? [source.upstreamId] : idsOf(registry, told.upstream),
      readers: registry.verified.size === 0 ? none : readersOf(registry, source?.upstreamId),
    };
    (failure === undefined ? this.#pulls : this.#failed).push(pull);
    for (const watcher of this.#watchers) watcher.offer(pull);
  }
}

/** Of upstreams that are named, with commas between. */
function idsOf({ upstreams }: Registry, names: string): number[] {
  const all = new Set(names.split(", "));
  return upstreams.filter(({ name }) => all.has(name) || name === names).map(({ id }) => id);
}

/** Who may know what was asked of this upstream; of all that may have been asked, where it was none alone. */
function readersOf({ upstreams, verified }: Registry, upstreamId: number | undefined) {
  const ids = upstreamId === undefined ? upstreams.map(({ id }) => id) : [upstreamId];
  return ids.map((id) => verified.get(id)).filter((lineage) => lineage !== undefined);
}
