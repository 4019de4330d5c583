import { isAbsolute } from "node:path";
import { certificatesFile } from "./certificates.ts";
import type { DatabaseSettings } from "./contract.ts";
import type { Settings } from "./settings.ts";
import { integer, type Leaf, leaf } from "./text.ts";

const tlsModes = ["disable", "require", "verify-full"];

/** `postgres://user:password@host:port/database`; with `?host=/folder` the socket in that folder, whatever the host before. */
export const databaseUrl: Leaf<string> = leaf(
  "must be postgres://user:password@host:port/database, with ?sslmode=disable, require or verify-full and ?host=/folder-of-the-socket where needed",
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^postgres(?:ql)?:$/.test(url.protocol) || url.hash) return undefined;
    const isNamed = /^\/[^/]+$/.test(url.pathname) && url.username !== "";
    const { searchParams: more } = url;
    const { sslmode = "disable", host = "/", ...others } = Object.fromEntries(more);
    const isKnown = tlsModes.includes(sslmode) && isAbsolute(host);
    const isWhole = Object.keys(others).length === 0 && isDecodable(url);
    return isNamed && isKnown && isWhole && url.hostname ? text : undefined;
  },
);

function isDecodable({ pathname, username, password }: URL): boolean {
  try {
    for (const part of [pathname, username, password]) decodeURIComponent(part);
    return true;
  } catch {
    return false; // a percent sign that begins nothing
  }
}

/** Undefined: the database is a file in the data folder. Several servers share one that is not, and then the master secret. */
export function readDatabaseSettings(settings: Settings): DatabaseSettings | undefined {
  const url = settings.secret("database_url", databaseUrl);
  const ca = settings.find("database_ca", certificatesFile(settings));
  const connections = settings.get("database_connections", integer(2, 500), "10");
  const statementSeconds = settings.get("database_timeout_seconds", integer(1, 300), "10");
  if (ca !== undefined && !(url && new URL(url).searchParams.get("sslmode") === "verify-full")) {
    settings.refuse("database_ca", "is of use with sslmode=verify-full in WEIR_DATABASE_URL alone");
  }
  if (url === undefined) return undefined;
  return { url, ca, connections, statementSeconds };
}
