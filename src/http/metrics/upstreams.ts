import { Capped, type Family, Histogram, type Sample } from "../../lib/metrics.ts";
import { SingleFlight } from "../../lib/single-flight.ts";
import type { Upstream } from "../../metadata/contract.ts";
import type { Asked, Health, RequestOutcome, RequestWatch } from "../../upstream/contract.ts";

/** Names that are told apart; of the upstreams that come after them the requests are counted as one. */
const maxNames = 200;
/** Upstreams whose state is told: those first that are in trouble, or near their limit. */
const maxStates = 500;

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 75];

/** What requests to upstreams have been like. Groups may call theirs the same: those count as one. */
export class RequestMetrics implements RequestWatch {
  readonly #requests = new Capped(maxNames, () => new Map<string, RequestCount>());
  readonly #times = new Capped(maxNames, () => new Histogram(bounds));
  #received = 0;

  answered({ name }: Asked, method: string, outcome: RequestOutcome, ms: number): void {
    const counts = this.#requests.of(name);
    const klass = typeof outcome === "number" ? `${Math.floor(outcome / 100)}xx` : outcome;
    const key = `${method} ${klass}`;
    const counted = counts.get(key) ?? { method, class: klass, count: 0 };
    counts.set(key, { ...counted, count: counted.count + 1 });
    this.#times.of(name).observe(ms / 1000);
  }

  received(_upstream: Asked, _repository: string | undefined, bytes: number): void {
    this.#received += bytes;
  }

  get bytesReceived(): number {
    return this.#received;
  }

  families(): Family[] {
    return [
      {
        name: "weir_upstream_requests_total",
        help: "Requests to upstreams and their token services, by class of status or why there was no answer.",
        type: "counter",
        samples: async () =>
          this.#requests.entries().flatMap(([upstream, counts]) =>
            [...counts.values()].map(({ count: value, ...labels }) => ({
              labels: { upstream, ...labels },
              value,
            })),
          ),
      },
      {
        name: "weir_upstream_request_seconds",
        help: "Time until the head of an upstream's answer was there, or it was clear that there is none.",
        type: "histogram",
        samples: async () =>
          this.#times.entries().flatMap(([upstream, time]) => time.samples({ upstream })),
      },
    ];
  }
}

interface RequestCount {
  method: string;
  class: string;
  count: number;
}

interface State {
  upstream: Upstream;
  health: Health;
}

const breakerStates: Record<Health["breaker"], number> = { closed: 0, half_open: 1, open: 2 };

/** How the upstreams are doing now. */
export function upstreamFamilies(
  upstreams: () => Promise<readonly Upstream[]>,
  health: (upstream: Upstream) => Health,
): Family[] {
  const flights = new SingleFlight<State[]>();
  // All families of one answer look at the same list.
  const states = () =>
    flights.do("", async () =>
      (await upstreams())
        .map((upstream) => ({ upstream, health: health(upstream) }))
        .sort((a, b) => concern(b.health) - concern(a.health)),
    );
  const gauge = (name: string, help: string, read: (health: Health) => number | undefined) => {
    const samples = async (): Promise<Sample[]> =>
      (await states()).slice(0, maxStates).flatMap(({ upstream: { id, name }, health: known }) => {
        const value = read(known);
        const labels = { upstream_id: String(id), upstream: name };
        return value === undefined ? [] : [{ labels, value }];
      });
    return { name, help, type: "gauge", samples } as const;
  };
  return [
    gauge(
      "weir_breaker_state",
      "Whether an upstream is asked: 0 yes (closed), 1 by one call at a time (half open), 2 no (open).",
      ({ breaker }) => breakerStates[breaker],
    ),
    gauge(
      "weir_upstream_budget_limit",
      "Requests that an upstream's rate limit allows, by its last word.",
      ({ budget }) => budget?.limit,
    ),
    gauge(
      "weir_upstream_budget_remaining",
      "What is left of an upstream's rate limit, by its last word.",
      ({ budget }) => budget?.remaining,
    ),
    {
      name: "weir_upstreams",
      help: `Upstreams that are configured, by breaker: of more than ${maxStates} not each is told of above.`,
      type: "gauge",
      samples: async () => {
        const all = await states();
        return Object.keys(breakerStates).map((breaker) => {
          const value = all.filter(({ health: known }) => known.breaker === breaker).length;
          return { labels: { breaker }, value };
        });
      },
    },
  ];
}

/** How much somebody should look at it. */
function concern({ breaker, budget }: Health): number {
  const used = budget ? 1 + (1 - budget.remaining / Math.max(1, budget.limit)) : 0;
  return 3 * breakerStates[breaker] + used;
}
