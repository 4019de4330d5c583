import { isRepositoryName } from "./reference.ts";

/** What a token request asks for, as `type:name:action,action`. */
export interface Scope {
  type: string;
  name: string;
  actions: string[];
}

const maxLength = 1024;
/** Names in visible ASCII without quotes and backslashes, so that a scope can stand in a challenge. */
const grammar = /^([a-z0-9]+(?:\([a-z0-9]+\))?):([!#-[\]-~]{1,512}):([a-z*]*(?:,[a-z*]*)*)$/;

/** Reads one scope (Docker token scope documentation, grammar); undefined when malformed. */
export function parseScope(text: string): Scope | undefined {
  const match = text.length <= maxLength ? grammar.exec(text) : null;
  if (!match) return undefined;
  const [, type = "", name = "", actions = ""] = match;
  if (type === "repository" && !isRepositoryName(name)) return undefined;
  return { type, name, actions: actions.split(",").filter(Boolean) };
}

export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}
