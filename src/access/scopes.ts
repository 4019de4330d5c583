import { parseScope } from "../oci/scope.ts";

/** More repositories than any client asks for at once. */
const maxRepositories = 100;
/** A token with names of so many characters still fits into the header of a request. */
const maxCharacters = 7000;
/** What a name is wrapped in there. */
const wrapping = '{"type":"repository","name":"","actions":["pull"]},'.length;

/**
 * The repositories that may be put into a token: of what was asked for (each value can hold several scopes, separated by
 * blanks), those with `pull` among the actions. What is malformed or of another type is passed over, since an empty
 * grant is no error (Docker token specification). Of very many there are the first.
 */
export function repositoriesToPull(asked: readonly string[]): string[] {
  const scopes = asked
    .flatMap((value) => value.split(" "))
    .filter(Boolean)
    .map(parseScope);
  const names = scopes
    .filter((scope) => scope?.type === "repository" && scope.actions.includes("pull"))
    .map((scope) => scope?.name ?? "");
  let characters = 0;
  return [...new Set(names)].slice(0, maxRepositories).filter((name) => {
    characters += name.length + wrapping;
    return characters <= maxCharacters;
  });
}
