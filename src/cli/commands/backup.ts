import { loadConfig } from "../../config.ts";
import type { Progress } from "../../work/contract.ts";
import { type Command, exit, jsonOption, type World } from "../command.ts";
import { sizeText } from "../output.ts";

export const backup: Command = {
  name: "backup",
  summary: "Back up database and blobs of the server that is set up here, while it runs or not.",
  details:
    "Into a folder, which may hold a former backup: then only new blobs are copied. Or into a file whose name ends in .tar. " +
    "Without the secret key, who restores it must set the passwords of upstreams again, and everybody logs in anew.",
  arguments: [{ name: "target", summary: "a folder, or a file.tar" }],
  options: {
    "with-secret-key": {
      summary: "put the secret key into it: who reads the backup has all passwords",
    },
    ...jsonOption,
  },
  examples: ["weir backup /backups/weir", "weir backup weir.tar --with-secret-key"],
  async run(world, given) {
    const config = loadConfig(world.env, world.readFile);
    const report = await world.stores.backUp(config, {
      target: given.argument("target"),
      withSecretKey: given.has("with-secret-key"),
      progress: progressOf(world),
    });
    world.io.status("");
    const { blobs, bytes, copied, damaged } = report;
    if (given.has("json")) world.io.out(JSON.stringify(report, null, 2));
    else
      world.io.out(`backed up ${blobs} blobs (${sizeText(bytes)}), ${copied} of them copied now`);
    tellDamaged(
      world,
      damaged,
      "were missing or wrong and are not in the backup; weir verify --repair fetches them again",
    );
    return exit.ok;
  },
};

export const restore: Command = {
  name: "restore",
  summary: "Make the data folder (WEIR_DATA_DIR) of a backup.",
  details:
    "Only into an empty folder. Every blob is hashed on the way. Start the server with the same settings afterwards.",
  arguments: [{ name: "source", summary: "a folder or file that weir backup made" }],
  options: jsonOption,
  examples: ["WEIR_DATA_DIR=/var/lib/weir weir restore /backups/weir", "weir restore weir.tar"],
  async run(world, given) {
    const config = loadConfig(world.env, world.readFile);
    const report = await world.stores.restore(config, {
      source: given.argument("source"),
      progress: progressOf(world),
    });
    world.io.status("");
    const { blobs, bytes, damaged, secretKey } = report;
    if (given.has("json")) world.io.out(JSON.stringify(report, null, 2));
    else world.io.out(`restored ${blobs} blobs (${sizeText(bytes)}) to ${config.dataDir}`);
    tellDamaged(
      world,
      damaged,
      "are missing or wrong in the backup and will be fetched again when they are pulled",
    );
    if (!secretKey && config.secretKey === undefined) {
      world.io.err(
        "weir: the secret key is not in the backup: put secret.key there, or set WEIR_SECRET_KEY; with another key the passwords of upstreams are to be set again",
      );
    }
    return exit.ok;
  },
};

function progressOf({ io }: World): Progress {
  return ({ blobs, bytes }) => io.status(`${blobs} blobs, ${sizeText(bytes)}`);
}

function tellDamaged({ io }: World, damaged: readonly string[], text: string): void {
  if (damaged.length > 0) io.err(`weir: ${damaged.length} blobs ${text}`);
}
