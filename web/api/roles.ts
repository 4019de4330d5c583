/** Roles in groups, by the level that the API has for each. */
export const roles = [
  { level: 10, title: "Guest", description: "pulls, and sees what is cached" },
  { level: 15, title: "Planner", description: "as Guest" },
  { level: 20, title: "Reporter", description: "as Guest" },
  { level: 30, title: "Developer", description: "as Guest" },
  {
    level: 40,
    title: "Maintainer",
    description: "also changes registries and upstreams, and empties caches",
  },
  {
    level: 50,
    title: "Owner",
    description: "also manages members, tokens, webhooks and the group itself",
  },
] as const;

export type Level = (typeof roles)[number]["level"];

export const roleTitle = (level: number | null): string =>
  roles.find((role) => role.level === level)?.title ?? "None";

/** As choices of a field; only those up to one's own can be given. */
export const roleChoices = roles.map(({ level, title, description }) => ({
  id: String(level),
  label: title,
  description,
}));

export function levelOf(id: string): Level {
  const role = roles.find(({ level }) => String(level) === id);
  if (!role) throw new Error(`there is no role of level ${id}`);
  return role.level;
}
