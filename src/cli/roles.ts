import { roles } from "../metadata/contract.ts";

/** The roles by name, as people write them, and by level, as the API has them. */
export const roleNames: readonly string[] = Object.keys(roles);

export function levelOf(role: string): number {
  const level = (roles as Readonly<Record<string, number>>)[role];
  if (level === undefined) throw new Error(`there is no role ${role}`);
  return level;
}

/** The number itself where a later server has a level that is not known here. */
export function roleOf(level: number): string {
  return Object.entries(roles).find(([, own]) => own === level)?.[0] ?? String(level);
}
