import { ofGroup } from "../find.ts";
import { shapes } from "../shapes.ts";
import { idIn, type Planning, type Step, told, unchanged } from "./planning.ts";

const pathOf = (group: number) => ofGroup(group).replace(/\/container$/, "/settings");

/** Groups whose registries are to be there or not: those first, so that what is declared in them can be made; these last. */
export function planSwitches({ wanted, present }: Planning): { on: Step[]; off: Step[] } {
  const isOff = new Set(present.off.map((path) => path.toLowerCase()));
  const steps = wanted.declared.groups.flatMap(({ path, virtualRegistries }) => {
    if (!virtualRegistries) return [];
    const { enabled } = virtualRegistries;
    const before = !isOff.has(path.toLowerCase());
    return enabled === before ? [] : [{ enabled, step: turn(path, before, enabled) }];
  });
  const those = (enabled: boolean) =>
    steps.filter((one) => one.enabled === enabled).map(({ step }) => step);
  return { on: those(true), off: those(false) };
}

function turn(path: string, before: boolean, enabled: boolean): Step {
  const what = `virtual registries of ${path}`;
  return {
    change: { sign: "~", what, details: [told("enabled", before, enabled)] },
    async run(api, { groups }) {
      const place = pathOf(idIn(groups, path.toLowerCase()));
      const isSame = (now: { enabled: boolean }) => now.enabled === before;
      const version = await unchanged(api, shapes.registrySwitch, place, what, isSame);
      await api.put(shapes.registrySwitch, place, { body: { enabled }, version });
    },
  };
}
