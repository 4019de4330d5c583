import path from "node:path";
import { existsSync } from "node:fs";
import { environment, type Outcome, run } from "../processes.ts";
import type { Need } from "../tools.ts";
import type { Weir } from "../weir.ts";

/** Where scripts/ci-install.sh puts it. */
const program = path.join(import.meta.dir, "../../../../.cache/schemathesis/bin/schemathesis");

/** Makes requests up from the API's document, and holds the answers to it. */
export const schemathesis: Need = {
  name: "schemathesis",
  lacking: async () =>
    existsSync(program) ? undefined : "schemathesis is not installed (scripts/ci-install.sh)",
};

/** Asks for so many seconds, with this token of this user, who both survive it. */
export function fuzz(
  weir: Weir,
  folder: string,
  { token, id, userId, seconds }: { token: string; id: number; userId: number; seconds: number },
): Promise<Outcome> {
  // The short run is the same each time; a longer one is to find something.
  const seed = process.env["WEIR_FUZZ_SEED"] ?? (seconds > 60 ? undefined : "20261126");
  const words = [
    ["--config-file", path.join(import.meta.dir, "schemathesis.toml")],
    ["run", `${weir.url}/api/v4/openapi.json`],
    ["--header", `PRIVATE-TOKEN: ${token}`],
    ["--max-time", String(seconds), "--request-timeout", "60"],
    ["--continue-on-failure", "--no-color", "--output-truncate", "false"],
    ["--generation-database", "none"],
    // Its good answer has no end, and each is read to its end.
    ["--exclude-path", "/api/v4/groups/{id}/-/virtual_registries/container/events"],
    // It finds it hard to make up what some patterns of ours take, on a busy machine; that is no fault of an answer's.
    ["--suppress-health-check", "filter_too_much"],
    ...(seed === undefined ? [] : [["--seed", seed]]),
  ];
  const env = environment(folder, {
    PYTHONPATH: import.meta.dir,
    PYTHONDONTWRITEBYTECODE: "1",
    SCHEMATHESIS_HOOKS: "hooks",
    WEIR_FUZZ_TOKEN_ID: String(id),
    WEIR_FUZZ_USER_ID: String(userId),
  });
  // Where it is started it leaves a folder of what it has learned.
  return run(["env", "-C", folder, program, ...words.flat()], env, { seconds: seconds + 500 });
}
