import { Failure } from "../command.ts";
import { planGroups, removeGroups } from "./groups.ts";
import { type Ids, keyOf, type Plan, type Planning, type PlanOptions } from "./planning.ts";
import type { Present } from "./present.ts";
import { planIssuers, removeIssuers } from "./issuers.ts";
import { planLimits } from "./limits.ts";
import { planPolicies } from "./policies.ts";
import { planProxies } from "./proxies.ts";
import { planRegistries, removeRegistries } from "./registries.ts";
import { planSwitches } from "./switches.ts";
import { planUpstreams, removeUpstreams } from "./upstreams.ts";
import { planUsers } from "./users.ts";
import type { Wanted } from "./wanted.ts";
import { planPrefetches, removePrefetches } from "./prefetches.ts";
import { planWebhooks, removeWebhooks } from "./webhooks.ts";

/** What to do so that what is wanted is there. Throws a `Failure` with all that stands in the way. */
export function makePlan(wanted: Wanted, present: Present, options: PlanOptions): Plan {
  const problems: string[] = [];
  const ids = idsOf(present);
  const refuse = (problem: string) => void problems.push(problem);
  const planning: Planning = { ...options, wanted, present, ids, refuse };
  refuseOff(planning);
  const registries = planRegistries(planning);
  const upstreams = planUpstreams(planning);
  const switches = planSwitches(planning);
  const steps = [
    ...planGroups(planning),
    ...switches.on,
    // First what goes: the limits of a group, and what may be there once, would stand in the way of what comes.
    ...(options.deleteMissing ? [...removeRegistries(planning), ...removeUpstreams(planning)] : []),
    ...upstreams.changed,
    ...registries.made,
    ...registries.cleared,
    ...upstreams.made,
    ...registries.listed,
    ...planProxies(planning),
    ...planPolicies(planning),
    ...(options.deleteMissing ? [...removeWebhooks(planning), ...removePrefetches(planning)] : []),
    ...planWebhooks(planning),
    ...planPrefetches(planning),
    ...planLimits(planning),
    ...planUsers(planning),
    ...(options.deleteMissing ? removeIssuers(planning) : []),
    ...planIssuers(planning),
    ...switches.off,
    ...(options.deleteMissing ? removeGroups(planning) : []),
  ];
  if (problems.length > 0) throw new Failure(problems.join("\n"));
  return { steps, ids };
}

/** What is switched off is not to be seen, and so not to be compared. */
function refuseOff({ wanted, present, refuse }: Planning): void {
  const { registries, upstreams } = wanted.declared;
  const used = new Set([...registries, ...upstreams].map(({ group }) => group.toLowerCase()));
  for (const path of present.off.filter((one) => used.has(one.toLowerCase()))) {
    refuse(
      `the registries of the group ${path} are switched off: switch them on, or leave them out`,
    );
  }
}

function idsOf({ groups, registries, upstreams, people }: Present): Ids {
  const paths = new Map(groups.map(({ id, full_path: path }) => [id, path]));
  const keyed = (items: readonly { id: number; group_id: number; name: string }[]) =>
    // Of several with one name the oldest counts, as for a server that reads such a file.
    new Map(
      items
        .toSorted((a, b) => b.id - a.id)
        .map(({ id, group_id: group, name }) => [keyOf(paths.get(group) ?? "", name), id]),
    );
  return {
    groups: new Map(groups.map(({ id, full_path: path }) => [path.toLowerCase(), id])),
    registries: keyed(registries),
    upstreams: keyed(upstreams),
    users: new Map((people?.users ?? []).map(({ id, username }) => [username, id])),
  };
}
