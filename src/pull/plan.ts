import type { Upstream } from "../metadata/contract.ts";
import { referenceText } from "../oci/reference.ts";
import type { AbsenceMemory } from "./absences.ts";
import { type Candidates, candidatesOf, choose } from "./choose.ts";
import type { PlannedUpstream, PullPlan } from "./contract.ts";
import type { KnownManifest } from "./fetching.ts";
import type { Verdict } from "./freshness.ts";
import { type Manifests } from "./manifests.ts";
import { isServable, roadOf } from "./road.ts";
import { type Asked } from "./asked.ts";

type Decision = PullPlan["decision"];
type Says = PlannedUpstream["says"];

/**
 * What a pull of a manifest would do now. It takes the road that the pull itself takes and asks by HEAD where the pull
 * would ask at all; what is absent is remembered, as after a pull, so that it is no way to wear an upstream out.
 */
export async function planPull(
  manifests: Manifests,
  absences: AbsenceMemory,
  asked: Asked,
): Promise<PullPlan> {
  const known = await manifests.known(asked);
  const candidates = candidatesFor(asked, known);
  const said = new Map<Upstream, Says>();
  const decision = await decide();
  return { upstreams: planned(manifests, asked, known, candidates, said), decision };

  async function decide(): Promise<Decision> {
    const road = roadOf(asked, known, manifests.freshness);
    if (road.kind === "walk") return walk(known);
    const { entry } = road;
    if (road.kind === "cached") return cachedDecision(road.status, entry, road.reason);
    if (road.kind === "check behind") return cachedDecision("stale", entry, "being checked");
    const verdict = await manifests.freshness.judge(entry, entry.upstream, asked);
    return checked(verdict, entry);
  }

  async function checked(verdict: Verdict, entry: KnownManifest): Promise<Decision> {
    switch (verdict.kind) {
      case "same":
        said.set(entry.upstream, "found");
        return cachedDecision("revalidated", entry);
      case "keep":
        return cachedDecision("stale", entry, verdict.reason);
      case "gone":
        said.set(entry.upstream, "absent");
        return walk(known.filter((other) => other !== entry));
      case "changed":
        return walk([entry]);
    }
  }

  async function walk(first: KnownManifest[]): Promise<Decision> {
    const probe = (candidate: Candidates["asked"][number]) => manifests.probe(candidate, asked);
    const { asked: open, denied } = candidates;
    const nobody = denied.length > 0 ? "denied by rule" : "no upstreams";
    const chosen = await choose(asked.registry, candidatesFor(asked, first), absences, {
      reference: referenceText(asked.reference),
      ask: async (candidate) => ((await probe(candidate)) ? candidate : undefined),
      probe,
    });
    for (const [upstream, says] of chosen.said)
      said.set(upstream, says === "unsure" ? undefined : says);
    const { found, unsure } = chosen;
    if (!found) {
      const reason = unsure.map(({ upstream, reason }) => `${upstream}: ${reason}`).join(", ");
      return {
        status: "refused",
        upstream: undefined,
        digest: undefined,
        reason: reason || (open.length > 0 ? "absent everywhere" : nobody),
      };
    }
    const held = known.find(({ upstream, payload }) => upstream === found.upstream && payload);
    // Bytes that are here need only be shown; a tag's have been found to be others.
    const status =
      held && !isServable(held) && asked.reference.kind === "digest" ? "revalidated" : "miss";
    return { status, upstream: found.upstream.name, digest: undefined, reason: undefined };
  }
}

function cachedDecision(
  status: Decision["status"],
  entry: KnownManifest,
  reason?: string,
): Decision {
  return { status, upstream: entry.upstream.name, digest: entry.digest, reason };
}

function candidatesFor(
  { registry, repository, reference }: Asked,
  first: KnownManifest[],
): Candidates {
  const tag = reference.kind === "tag" ? reference.tag : undefined;
  return candidatesOf(
    registry,
    repository,
    tag,
    first.map(({ upstream }) => upstream),
  );
}

function planned(
  manifests: Manifests,
  { registry }: Asked,
  known: readonly KnownManifest[],
  { asked, denied }: Candidates,
  said: ReadonlyMap<Upstream, Says>,
): PlannedUpstream[] {
  const all = [...asked.map((candidate) => ({ ...candidate, rule: undefined })), ...denied];
  return all
    .map(({ upstream, repository, rule }) => {
      const entry = known.find((candidate) => candidate.upstream === upstream);
      return {
        upstreamId: upstream.id,
        upstream: upstream.name,
        position: registry.upstreams.indexOf(upstream) + 1,
        repository,
        deniedBy: rule,
        cached: entry && {
          digest: entry.digest,
          proof: entry.proof,
          checkedAt: entry.checkedAt,
          freshUntil: manifests.freshness.freshUntil(entry, upstream),
        },
        says: said.get(upstream),
      };
    })
    .sort((a, b) => a.position - b.position);
}
