import { inSpan } from "../lib/tracing/span.ts";
import type { Registry, Rule, Upstream } from "../metadata/contract.ts";
import { UpstreamError } from "../upstream/contract.ts";
import type { AbsenceMemory } from "./absences.ts";
import { unsureRefusal } from "./errors.ts";
import { repositoryAt } from "./names.ts";
import { denyingRule } from "./rules.ts";

/** One upstream that could be asked for an object. */
export interface Candidate {
  upstream: Upstream;
  /** As the repository is called there. */
  repository: string;
}

export interface Candidates {
  /** In the order in which they are asked. */
  asked: Candidate[];
  /** How many of them, from the first on, hold or name the object. */
  naming: number;
  /** Kept from being asked by a rule, which is looked at before any contact. */
  denied: (Candidate & { rule: Rule })[];
}

/** Those of a registry's upstreams that may be asked: first those that hold or name the object, then the others by position. */
export function candidatesOf(
  registry: Registry,
  repository: string,
  tag: string | undefined,
  first: readonly Upstream[],
): Candidates {
  const others = registry.upstreams.filter((upstream) => !first.includes(upstream));
  const asked: Candidate[] = [];
  let naming = 0;
  const denied: Candidates["denied"] = [];
  for (const upstream of [...first, ...others]) {
    const candidate = { upstream, repository: repositoryAt(upstream, repository) };
    const rule = denyingRule(upstream, candidate.repository, tag);
    if (rule) denied.push({ ...candidate, rule });
    else asked.push(candidate);
    if (!rule && first.includes(upstream)) naming++;
  }
  return { asked, naming, denied };
}

/** What one candidate said. */
export type Said<T> =
  { says: "found"; value: T } | { says: "absent" } | { says: "unsure"; error: UpstreamError };

export interface Chosen<T> {
  /** Undefined when nobody has it, or somebody who must be asked first is unsure. */
  found: (Candidate & { value: T }) | undefined;
  unsure: UpstreamError[];
  /** Others whose probe found it too; resolves once all probes have ended. */
  alsoFound: Promise<Upstream[]>;
  /** What each one said that was asked, or is known to say. */
  said: Map<Upstream, Said<unknown>["says"] | UpstreamError["reason"]>;
}

export interface Asking<T> {
  /** Under which an absence is remembered. */
  reference: string;
  /** Asks for the object itself; undefined for absent. Throws `UpstreamError`. */
  ask: (candidate: Candidate) => Promise<T | undefined>;
  /** Asks only whether it is there. */
  probe: (candidate: Candidate) => Promise<boolean>;
}

/**
 * Finds the upstream that serves an object: the first that has it, all before it having said that they have not.
 * Unsure ends the search, unless the registry's `onUnsure` is `continue`. With `ask: parallel` those that do not name the
 * object are probed at once when it comes to them, and the order decides among their answers.
 */
export function choose<T>(
  registry: Registry,
  { asked, naming }: Pick<Candidates, "asked" | "naming">,
  absences: AbsenceMemory,
  asking: Asking<T>,
): Promise<Chosen<T>> {
  const facts = () => ({ "weir.registry": registry.id, "weir.upstreams": asked.length });
  return inSpan("choose", "internal", facts, async (span) => {
    const chosen = await walk(registry, { asked, naming }, absences, asking);
    const { upstream } = chosen.found ?? {};
    span?.set({ "weir.upstream": upstream?.name, "weir.unsure": chosen.unsure.length > 0 });
    return chosen;
  });
}

async function walk<T>(
  registry: Registry,
  { asked, naming }: Pick<Candidates, "asked" | "naming">,
  absences: AbsenceMemory,
  { reference, ask, probe }: Asking<T>,
): Promise<Chosen<T>> {
  const said: Chosen<T>["said"] = new Map();
  const chosen: Chosen<T> = { found: undefined, unsure: [], alsoFound: Promise.resolve([]), said };
  let probes: Probes | undefined;
  for (const [i, candidate] of asked.entries()) {
    const { upstream, repository } = candidate;
    if (absences.has(upstream, repository, reference)) {
      said.set(upstream, "absent");
      continue;
    }
    if (!probes && i >= naming && registry.ask === "parallel") {
      const left = asked
        .slice(i)
        .filter((one) => !absences.has(one.upstream, one.repository, reference));
      probes = left.length > 1 ? probeAll(left, probe) : new Map();
      chosen.alsoFound = foundBy(probes);
    }
    const probed = await probes?.get(candidate);
    const isSettled = probed !== undefined && probed.says !== "found";
    const answer: Said<T> = isSettled ? probed : await listen(() => ask(candidate));
    said.set(upstream, answer.says === "unsure" ? answer.error.reason : answer.says);
    if (answer.says === "found") return { ...chosen, found: { ...candidate, value: answer.value } };
    if (answer.says === "absent") absences.note(upstream, repository, reference);
    else chosen.unsure.push(answer.error);
    if (answer.says === "unsure" && registry.onUnsure === "stop") return chosen;
  }
  return chosen;
}

type Probes = Map<Candidate, Promise<Said<true>>>;

function probeAll(
  candidates: readonly Candidate[],
  probe: (candidate: Candidate) => Promise<boolean>,
): Probes {
  const asked = candidates.map((candidate) => {
    const said = listen(async () => ((await probe(candidate)) ? (true as const) : undefined));
    // A probe that nobody waits for any more must not end the process.
    said.catch(() => undefined);
    return [candidate, said] as const;
  });
  return new Map(asked);
}

async function foundBy(probes: Probes): Promise<Upstream[]> {
  const answers = await Promise.allSettled(probes.values());
  return [...probes.keys()]
    .filter((_, i) => {
      const answer = answers[i];
      return answer?.status === "fulfilled" && answer.value.says === "found";
    })
    .map(({ upstream }) => upstream);
}

async function listen<T>(ask: () => Promise<T | undefined>): Promise<Said<T>> {
  try {
    const value = await ask();
    return value === undefined ? { says: "absent" } : { says: "found", value };
  } catch (error) {
    if (error instanceof UpstreamError) return { says: "unsure", error };
    throw error;
  }
}

/** The value that was chosen; throws the refusal of those that were unsure. Undefined: all said that they have it not. */
export function chosenValue<T>({ found, unsure }: Chosen<T>): T | undefined {
  if (found) return found.value;
  if (unsure.length > 0) throw unsureRefusal(unsure);
  return undefined;
}
