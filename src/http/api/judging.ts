import { type Action, actions, type Caller, type Subject } from "../../access/contract.ts";
import { forbidden, insufficientScope, notFound } from "./errors.ts";

/** What is found, with what rights to it depend on: as much of it as the action's kind of subject needs. */
export interface Owned {
  /** Of the group that a registry belongs to. */
  groupId?: number;
  /** Of a group, or of the group that a project is in. */
  lineage?: readonly number[];
  projectId?: number;
  /** Of whom a token is. */
  userId?: number;
}

/** Before anything is looked for: whether the credential is for such things at all. */
export function requireDoor(caller: Caller, action: Action): void {
  const shut = caller.shutTo(action);
  if (shut === "kind") throw forbidden();
  if (shut) throw insufficientScope(actions[action].door === "read" ? "read_api" : "api");
}

export function requireRight(
  caller: Caller,
  action: Action,
  subject: Subject,
  what?: string,
): void {
  const verdict = caller.judge(action, subject);
  if (verdict === "hidden") throw notFound(what);
  if (verdict !== "allowed") throw forbidden();
}

export function subjectOf(action: Action, found: Owned): Subject {
  const { lineage = [], projectId, userId } = found;
  const kind = actions[action].subject;
  // Of a subgroup too, only the role in the top-level group counts for registries.
  const groupId = lineage.at(-1) ?? found.groupId;
  if (kind === "registry" && groupId !== undefined) return { kind, groupId };
  if (kind === "group" && lineage.length > 0) return { kind, lineage };
  if (kind === "project" && projectId !== undefined) return { kind, projectId, lineage };
  if (kind === "user" && userId !== undefined) return { kind, userId };
  throw new Error(`${action} needs to know of which ${kind}`);
}
