import { type Config, ConfigError, loadConfig } from "../../config.ts";
import type { Environment, MigrationReport } from "../../work/contract.ts";
import { type Command, exit, Failure, jsonOption, UsageError, type World } from "../command.ts";
import { sizeText } from "../output.ts";

const prefix = "WEIR_TARGET_";

export const migrate: Command = {
  name: "migrate",
  summary: "Move the instance that is set up here to PostgreSQL, to a bucket, or to both.",
  details:
    "The target is set by WEIR_TARGET_DATABASE_URL, WEIR_TARGET_BLOBS_URL or both; any other setting of the new server can be given in the same way, such as WEIR_TARGET_DATABASE_CA. " +
    "WEIR_SECRET_KEY must be that of the old server, which may have it in secret.key of its data folder. " +
    "While the server runs, blobs and rows are copied, in rounds of which each copies what the last one has not: again and again, until little is left. With --finish, when it has been stopped, the rest; new servers may have it then. " +
    "Killed at any point, the same command goes on from there. Blobs are hashed on the way, rows compared and counted at the end; the old data folder stays as it is.",
  arguments: [],
  options: {
    finish: { summary: "the server has been stopped: copy what is left, and come to the end" },
    ...jsonOption,
  },
  examples: [
    "WEIR_TARGET_BLOBS_URL='s3://blobs/weir?region=eu-central-1' weir migrate",
    "WEIR_SECRET_KEY_FILE=data/secret.key WEIR_TARGET_DATABASE_URL=postgres://weir:…@db/weir weir migrate --finish",
  ],
  async run(world, given) {
    const { config, target } = readBoth(world);
    const finish = given.has("finish");
    const report = await world.stores.migrate(config, target, {
      finish,
      progress: ({ blobs, bytes, compared, copied }) =>
        world.io.status(
          `${blobs} blobs, ${sizeText(bytes)}, ${compared} rows compared, ${copied} copied`,
        ),
    });
    world.io.status("");
    if (given.has("json")) world.io.out(JSON.stringify(report, null, 2));
    else tell(world, report);
    return exit.ok;
  },
};

/** The old configuration, and the new one: the same but for what `WEIR_TARGET_…` says. */
function readBoth({ env, readFile }: World): { config: Config; target: Config } {
  const names = Object.keys(env);
  const given = names.filter((name) => name.startsWith(prefix) && env[name]);
  if (given.length === 0) {
    throw new UsageError("say where to: WEIR_TARGET_DATABASE_URL, WEIR_TARGET_BLOBS_URL, or both");
  }
  const own: Environment = Object.fromEntries(
    names.filter((name) => !name.startsWith(prefix)).map((name) => [name, env[name]]),
  );
  const wanted = Object.fromEntries(
    given.map((name) => [`WEIR_${name.slice(prefix.length)}`, env[name]]),
  );
  const config = loadConfig(own, readFile);
  try {
    return { config, target: loadConfig({ ...own, ...wanted }, readFile) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Failure(
      error.problems.map((problem) => `with ${given.join(", ")}: ${problem}`).join("\n"),
    );
  }
}

function tell({ io }: World, { blobs, database, finished }: MigrationReport): void {
  if (blobs) {
    const size = sizeText(blobs.bytes);
    io.out(`${blobs.blobs} blobs (${size}) are there, ${blobs.copied} of them copied now`);
    if (blobs.damaged.length > 0) {
      const what = "were missing or wrong in the data folder";
      io.err(`weir: ${blobs.damaged.length} blobs ${what}; they are fetched again when pulled`);
    }
  }
  if (database) {
    const { tables, rows, copied, putOff } = database;
    io.out(`${rows} rows of ${tables} tables are there, ${copied} of them copied now`);
    if (putOff > 0) io.out(`${putOff} rows were changed meanwhile; the next round copies them`);
  }
  io.out(
    finished
      ? "done: start the server with the settings of the target, and WEIR_SECRET_KEY as now"
      : "when little is copied any more, stop the server and run weir migrate --finish",
  );
}
