import type { AuditFact, UpstreamSettings } from "../contract.ts";
import type { PurgeSelection } from "../purges/contract.ts";

interface Owned {
  id: number;
  /** Undefined: of no group. */
  groupId: number | undefined;
}

/** When something ends, as events tell it; null: never. */
export function endText(expiresAt: number | undefined): string | null {
  return expiresAt === undefined ? null : new Date(expiresAt).toISOString();
}

/** What was done to something, which mostly belongs to a group. */
export function factOf(
  kind: string,
  verb: string,
  { id, groupId, name }: Owned & { name?: string | undefined },
  details?: Readonly<Record<string, unknown>>,
): AuditFact {
  const subject = { kind, id, name };
  return { action: `${kind}.${verb}`, subject, groupId, ...(details && { details }) };
}

/** Which fields differ, `told` with what they were and are, of others just that they do. */
export function changesOf<T extends object>(
  before: T,
  after: T,
  told: readonly (keyof T & string)[],
  others: readonly (keyof T & string)[] = [],
): Record<string, unknown> {
  const differ = (field: keyof T) => JSON.stringify(before[field]) !== JSON.stringify(after[field]);
  const values = told.filter(differ).map((field) => {
    return [snake(field), { from: before[field] ?? null, to: after[field] ?? null }] as const;
  });
  const names = others.filter(differ).map((field) => [snake(field), "changed"] as const);
  return Object.fromEntries([...values, ...names]);
}

/** Fields as they are called outside. */
const snake = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export function purgeDetails({ pattern, includePinned }: PurgeSelection): Record<string, unknown> {
  return { ...(pattern !== undefined && { pattern }), ...(includePinned && { pinned: true }) };
}

const upstreamFields = [
  "name",
  "url",
  "username",
  "tokenRealm",
  "cacheValidityHours",
  "deniedMeans",
  "libraryPrefix",
  "staleIfAbsentHours",
  "staleWhileRevalidate",
  "cacheMaxBytes",
  "verifiedGroup",
] as const;
/** A secret, and what is long. */
const upstreamOthers = ["password", "description", "ca", "rules"] as const;

export function upstreamChanges(before: UpstreamSettings, after: UpstreamSettings) {
  return changesOf(before, after, upstreamFields, upstreamOthers);
}
