import { randomBytes } from "node:crypto";

/** Where a server stands in one run. */
export interface Site {
  port: number;
  /** A folder of its own, empty at each start. */
  home: string;
  upstreamUrl: string;
}

/** What must be known of a make of server to start it as a cache and to ask it. */
export interface Kind {
  version: string;
  /** What stands before the repository's name. */
  prefix: string;
  /** How many processes of its tree, counted from the first, only start the server. */
  launchers: number;
  /** Writes what the server needs into its home and gives the command line. */
  command(site: Site): string[];
  /** Environment variables beside the usual ones. */
  settings(site: Site): Record<string, string>;
  /** A token for pulling from the repository at `base`. */
  token(base: string): Promise<string>;
}

/** For those who check no token, but have to read a header of about the same size. */
export const standInToken = randomBytes(300).toString("base64url");
