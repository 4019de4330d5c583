import type { Page } from "../management/contract.ts";

/** Who does something, from where, and in which request: what the record says of each change. */
export interface Author {
  actor: AuditActor;
  address: string | undefined;
  requestId: string | undefined;
}

export interface AuditActor {
  /** `user` and the like; `system` for what this server does by itself, `unknown` for who is nobody we know. */
  kind: string;
  id: number | undefined;
  name: string;
}

/** What was done, to what. */
export interface AuditFact {
  /** `registry.create`: lower case, of one or two words. */
  action: string;
  subject: AuditSubject;
  /** Whose owners may read of it; undefined: administrators alone. */
  groupId: number | undefined;
  /** Never secrets. */
  details?: Readonly<Record<string, unknown>>;
}

export interface AuditSubject {
  kind: string;
  id: number | undefined;
  /** For people: what it was called at that time. */
  name: string | undefined;
}

export type AuditResult = "success" | "failure" | "refused";

export interface NewAuditEvent extends AuditFact {
  at: number;
  author: Author;
  result: AuditResult;
  /** Names that somebody who is unknown has given: those that users have go on record, of the others their number. */
  claimed?: readonly string[];
}

export interface AuditEvent extends Author {
  id: number;
  at: number;
  action: string;
  subject: AuditSubject;
  groupId: number | undefined;
  result: AuditResult;
  details: Readonly<Record<string, unknown>>;
}

/** What events are looked for; undefined: whatever it is. */
export interface AuditFilter {
  groupId?: number | undefined;
  /** From this time on. */
  after?: number | undefined;
  /** Before this time. */
  before?: number | undefined;
  /** The actor's name. */
  actor?: string | undefined;
  action?: string | undefined;
  subject?: { kind: string; id: number } | undefined;
}

/** `total` is undefined where there are more than are worth counting. */
export type AuditPage = Page<AuditEvent>;

/**
 * Who did what, on what, when, from where, and how it ended. What changes something is on record by the transaction that
 * changes it; nobody alters a record, and none goes before its time.
 */
export interface AuditLog {
  /** All or none. */
  append(events: readonly NewAuditEvent[]): Promise<void>;
  /** The newest first. */
  list(filter: AuditFilter, page: { page: number; perPage: number }): Promise<AuditPage>;
  /** Gives up those from before this time, in steps between which others have their turn. How many these were. */
  expire(before: number): Promise<number>;
}
