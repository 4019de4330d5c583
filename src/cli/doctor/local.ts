import type { Config } from "../../config.ts";
import type { Examination, ExaminedFolder, ExaminedUpstream } from "../../examination.ts";
import { fixes } from "../fixes.ts";
import { sizeText } from "../output.ts";
import { bucketFindings } from "./bucket.ts";
import { failed, type Finding, ok, skipped, warning } from "./finding.ts";

/** What is to be said of what a server of this configuration works with. */
export function localFindings(config: Config, found: Examination): Finding[] {
  return [
    ...folderFindings(config, found.folder),
    ...bucketFindings(found.bucket),
    ...(config.database ? serverFindings(found, config.database) : databaseFindings(found)),
    ...mirrorFindings(config, found),
    ...upstreamFindings(found),
  ];
}

function folderFindings({ minFreeBytes }: Config, folder: ExaminedFolder): Finding[] {
  const { path, state, problem, freeBytes = 0, key } = folder;
  if (state === "absent") {
    return [skipped("data folder", `${path} is not there; the first start makes it`)];
  }
  if (state === "unusable") {
    const fix = "run this as the user of the server, or change the folder's owner";
    return [failed("data folder", `${path} cannot be used (${problem})`, fix)];
  }
  const free = `${sizeText(freeBytes)} free`;
  const floor = `WEIR_MIN_FREE_BYTES (${sizeText(minFreeBytes)})`;
  return [
    ok("data folder", `${path} can be written to`),
    freeBytes < minFreeBytes
      ? failed(
          "disk",
          `${free}, below ${floor}: nothing more is stored`,
          "make room, or a larger disk",
        )
      : freeBytes < 2 * minFreeBytes
        ? warning(
            "disk",
            `${free}, close to ${floor}`,
            "make room soon: below it nothing is stored",
          )
        : ok("disk", free),
    keyFinding(key),
  ];
}

function keyFinding(key: ExaminedFolder["key"]): Finding {
  switch (key) {
    case "given":
      return ok("secret key", "it is given by WEIR_SECRET_KEY");
    case "there":
      return ok("secret key", "secret.key is there, for its owner alone");
    case "readable_by_others":
      return warning("secret key", "secret.key can be read by others", "chmod 600 secret.key");
    case "absent": {
      const fix = "restore it or set WEIR_SECRET_KEY; before a first start there is none";
      return failed("secret key", "secret.key is not there, or not to be read", fix);
    }
  }
}

function databaseFindings({ database }: Examination): Finding[] {
  if (!database) return [skipped("database", "there is none yet; the first start makes it")];
  const { schema, problem, damage, sealed } = database;
  if (problem !== undefined) {
    const fix = "run this as the user of the server; where it is damaged, restore a backup";
    return [failed("database", `weir.db cannot be read (${problem})`, fix)];
  }
  if (damage.length > 0) {
    const fix = "stop the server, keep a copy of weir.db, and restore a backup";
    return [failed("database", `weir.db is damaged: ${damage.join("; ")}`, fix)];
  }
  return [schemaFinding(schema, "it is whole, and"), ...passwordFindings(sealed)];
}

function passwordFindings(sealed: readonly string[]): Finding[] {
  if (sealed.length === 0) return [];
  const message = `this secret key does not open the passwords of ${sealed.join(", ")}`;
  const fix = "set the key they were stored with, or give them anew: weir upstream update";
  return [failed("passwords", message, fix)];
}

/** Of a database elsewhere: whether its files are whole is for its own tools to say. */
function serverFindings({ database }: Examination, { url }: { url: string }): Finding[] {
  const { host, pathname } = new URL(url);
  const name = `${pathname.slice(1)} at ${host}`;
  if (!database) return [skipped("database", `${name} has no tables; the first start makes them`)];
  const { schema, problem, sealed } = database;
  if (problem !== undefined) {
    const fix =
      "see to it that it runs, takes connections from here, and lets this user in: WEIR_DATABASE_URL";
    return [failed("database", `${name} cannot be read (${problem})`, fix)];
  }
  return [schemaFinding(schema, `${name} answers, and is`), ...passwordFindings(sealed)];
}

function schemaFinding(schema: "current" | "older" | "newer" | undefined, state: string): Finding {
  if (schema === "newer") {
    const fix = "start that release again, or restore a backup from before the update";
    return failed("database", "a newer release has changed it", fix);
  }
  if (schema === "older") {
    const fix = "back it up before the next start, which brings it to this release";
    return warning("database", `${state} that of an older release`, fix);
  }
  return ok("database", `${state} that of this release`);
}

function mirrorFindings({ mirror }: Config, { database }: Examination): Finding[] {
  if (!database?.registries || database.registries.includes(mirror.registryId)) return [];
  const message = `the registry ${mirror.registryId} of WEIR_MIRROR_REGISTRY is not there: pulls as from a mirror are refused`;
  const fix = "set it to the id of one that is there: weir registry list, weir registry create";
  return [warning("mirror", message, fix)];
}

/** What the upstream of each Dependency Proxy is called. */
const proxyUpstream = "dependency-proxy";
const proxyFix =
  "WEIR_DEPENDENCY_PROXY_URL names another registry, WEIR_DEPENDENCY_PROXY_ENABLED=false is for those who need none";

function upstreamFindings({ upstreams }: Examination): Finding[] {
  if (!upstreams) return [skipped("upstreams", "the database does not tell which there are")];
  const findings = upstreams.map(({ name, others, url, failure }) => {
    const check = `upstream ${name}`;
    const also = others.length === 0 ? "" : `; so for ${others.join(", ")}`;
    if (!failure) return ok(check, `${url} answers as a registry${also}`);
    const message = `${url}: ${failure.message}${also}`;
    const known = fixes[failure.reason] ?? "look into the log of the server";
    const fix = name === proxyUpstream ? `${known}; ${proxyFix}` : known;
    // One that asks to wait is there.
    return failure.reason === "rate_limited"
      ? warning(check, message, fix)
      : failed(check, message, fix);
  });
  return [...findings, clockFinding(upstreams)];
}

const tolerated = 30_000;
const allowed = 5 * 60_000;

/** Of several the one in the middle: one of them may be wrong itself. */
function clockFinding(upstreams: readonly ExaminedUpstream[]): Finding {
  const told = upstreams
    .map(({ ahead }) => ahead)
    .filter((ahead) => ahead !== undefined)
    .sort((a, b) => a - b);
  const ahead = told[Math.floor(told.length / 2)];
  if (ahead === undefined) return skipped("clock", "no upstream tells its time");
  const off = Math.abs(ahead);
  const seconds = Math.round(off / 1000);
  const message = `this machine's clock is ${seconds} s ${ahead > 0 ? "behind" : "ahead of"} that of upstreams`;
  if (off <= tolerated) return ok("clock", "it agrees with that of upstreams");
  const fix = "set it by NTP: tokens and certificates count or end at wrong times";
  return off > allowed ? failed("clock", message, fix) : warning("clock", message, fix);
}
