import type { CleanupSettings } from "../../metadata/contract.ts";
import type { CleanupPolicyJson } from "../../http/api/contract.ts";
import type { Api } from "../client.ts";
import { ofGroup } from "../find.ts";
import { shapes } from "../shapes.ts";
import { differing, idIn, type Planning, type Step, told, toldNew, unchanged } from "./planning.ts";

/** A cleanup policy, as the API has what can be set of it. */
export interface Policy {
  enabled: boolean;
  keep_n_days_after_download: number;
  cadence: number;
  notify_on_success: boolean;
  notify_on_failure: boolean;
}

const fieldsOf = (settings: CleanupSettings): Policy => ({
  enabled: settings.enabled,
  keep_n_days_after_download: settings.keepDays,
  cadence: settings.cadence,
  notify_on_success: settings.notifyOnSuccess,
  notify_on_failure: settings.notifyOnFailure,
});

const pathOf = (group: number) => ofGroup(group).replace(/\/container$/, "/cleanup/policy");

/** Undefined where the group has none. */
export async function readPolicy(api: Api, group: number): Promise<Policy | undefined> {
  const policy = await api.find(shapes.policy, pathOf(group));
  return policy && settingsIn(policy);
}

/** Without what its runs have brought. */
function settingsIn(policy: CleanupPolicyJson): Policy {
  const { enabled, cadence, keep_n_days_after_download } = policy;
  const { notify_on_success, notify_on_failure } = policy;
  return { enabled, keep_n_days_after_download, cadence, notify_on_success, notify_on_failure };
}

/** Policies that are declared; those of other groups stay as they are. */
export function planPolicies({ wanted, present, ids }: Planning): Step[] {
  return wanted.declared.groups.flatMap(({ path, cleanupPolicy }): Step[] => {
    if (!cleanupPolicy) return [];
    const fields = fieldsOf(cleanupPolicy);
    const id = ids.groups.get(path.toLowerCase());
    const before = id === undefined ? undefined : present.policies.get(id);
    const what = `cleanup policy of ${path}`;
    if (!before) {
      const details = Object.entries(fields).map(([field, value]) => toldNew(field, value));
      return [
        {
          change: { sign: "+", what, details },
          async run(api, { groups }) {
            const place = pathOf(idIn(groups, path.toLowerCase()));
            await api.post(shapes.policy, place, { body: fields });
          },
        },
      ];
    }
    const toSet = differing(fields, before);
    if (toSet.length === 0) return [];
    const details = toSet.map((field) => told(field, before[field], fields[field]));
    const body = Object.fromEntries(toSet.map((field) => [field, fields[field]]));
    return [
      {
        change: { sign: "~", what, details },
        async run(api, { groups }) {
          const place = pathOf(idIn(groups, path.toLowerCase()));
          const isSame = (now: CleanupPolicyJson) =>
            differing(settingsIn(now), before).length === 0;
          const version = await unchanged(api, shapes.policy, place, what, isSame);
          await api.patch(shapes.policy, place, { body, version });
        },
      },
    ];
  });
}
