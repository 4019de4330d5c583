import type { Command } from "../command.ts";
import { backup, restore } from "./backup.ts";
import { cacheCommands } from "./cache.ts";
import { config } from "./config.ts";
import { explain } from "./explain.ts";
import { groupCommands } from "./group.ts";
import { healthcheck } from "./healthcheck.ts";
import { prefetchCommands } from "./prefetch.ts";
import { issuerCommands } from "./issuer.ts";
import { migrate } from "./migrate.ts";
import { pulls } from "./pulls.ts";
import { registryCommands } from "./registry.ts";
import { serve } from "./serve.ts";
import { spaceCommands } from "./space.ts";
import { stats } from "./stats.ts";
import { tokenCommands } from "./token.ts";
import { upstreamCommands } from "./upstream.ts";
import { webhookCommands } from "./webhook.ts";
import { work } from "./work.ts";
import { userCommands } from "./user.ts";
import { apply } from "./apply.ts";
import { doctor } from "./doctor.ts";
import { evict } from "./evict.ts";
import { exportCommand } from "./export.ts";
import { exportImages, importCommand } from "./images.ts";
import { verify } from "./verify.ts";

/** All but those that are about the commands themselves, in the order of the help. */
export const commands: readonly Command[] = [
  serve,
  config,
  healthcheck,
  doctor,
  apply,
  exportCommand,
  ...registryCommands,
  ...upstreamCommands,
  ...cacheCommands,
  ...prefetchCommands,
  importCommand,
  exportImages,
  explain,
  pulls,
  stats,
  work,
  evict,
  ...spaceCommands,
  ...groupCommands,
  ...userCommands,
  ...tokenCommands,
  ...issuerCommands,
  ...webhookCommands,
  backup,
  restore,
  migrate,
  verify,
];
