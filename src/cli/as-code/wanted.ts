import {
  type Declaration,
  isMap,
  pathText,
  readDeclaration,
  readText,
  readYaml,
} from "../../work/contract.ts";
import { Failure, type World } from "../command.ts";

/** What a file wants to be there. */
export interface Wanted {
  declared: Declaration;
  /** Its keys: of what it does not speak of, nothing is missing in it. */
  keys: ReadonlySet<string>;
  /** What is in it and not done by way of the API. */
  notes: string[];
  /** Why a secret could not be read, by what it is of: `upstreams[0]`. */
  absent: ReadonlyMap<string, string>;
}

/** Parts of the file that a server reads at its start, and that the API does not hold. */
const ofServer = ["settings", "sign_in_providers"];

/** Reads a configuration file, or the standard input for `-`. Throws a `Failure` with all that is wrong with it. */
export async function readWanted(world: World, file: string): Promise<Wanted> {
  const text = file === "-" ? await world.readInput() : readText(world.readFile, file);
  if (typeof text !== "string") throw new Failure(`${file}: ${text.problem}`);
  return parseWanted(world, text, file === "-" ? "the standard input" : file);
}

export function parseWanted(
  { env, readFile }: Pick<World, "env" | "readFile">,
  text: string,
  called: string,
): Wanted {
  const read = readYaml(text);
  if ("problems" in read) throw refused(called, read.problems);
  const { declared, problems, absent } = readDeclaration(read.map, env, readFile, "optional");
  if (problems.length > 0) {
    const lines = problems.map(({ path, message }) => `${pathText(path)}: ${message}`);
    throw refused(called, lines);
  }
  return {
    declared,
    keys: new Set(Object.keys(read.map)),
    notes: notesOn(read.map),
    absent: new Map(
      absent.map(({ path, message }) => [
        pathText(path.slice(0, -1)),
        `${pathText(path)}: ${message}`,
      ]),
    ),
  };
}

const refused = (called: string, problems: readonly string[]) =>
  new Failure(problems.map((problem) => `${called}: ${problem}`).join("\n"));

function notesOn(map: Record<string, unknown>): string[] {
  const own = ofServer.filter((key) => key in map);
  const users = Array.isArray(map["users"]) ? (map["users"] as unknown[]) : [];
  const hasTokens = users.some((user) => isMap(user) && "tokens" in user);
  return [
    ...(own.length > 0
      ? [`${own.join(", ")}: read by a server at its start (WEIR_CONFIG_FILE), not applied`]
      : []),
    ...(hasTokens
      ? ["users' tokens: made by a server at its start, not applied; weir token create makes one"]
      : []),
  ];
}
