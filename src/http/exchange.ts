import type { Server } from "bun";
import type { Registry } from "../metadata/contract.ts";
import type { RegistryError } from "../oci/error.ts";
import type { CacheStatus, Source } from "../pull/contract.ts";
import type { Flow } from "./flow.ts";
import type { V2Path } from "./v2/path.ts";

/** How a pull was answered or refused: the same facts in header, log line and metric. */
export interface Told {
  status: CacheStatus | "refused";
  /** Names of the upstreams that it came from, that stood in the way, or that have not got it. */
  upstream: string;
  /** Seconds since its upstream last confirmed it; undefined of a refusal. */
  age?: number;
  reason?: string;
  /** As in `Explanation`. */
  source?: Source;
}

/** What of a repository is asked for; `other` where the path does not say, or is not understood. */
export type PullKind = "manifest" | "blob" | "tags" | "referrers" | "other";

/** What is known of one request while it is answered; the log line is made of it. */
export interface Exchange {
  id: string;
  /** `Clock.elapsed` at its start. */
  started: number;
  /** Through which servers the request has come (RFC 9110, section 7.6.3). */
  via: string | null;
  /** Whether the connection has shown a certificate of a mirror's client. */
  certified: boolean;
  /** The user's name, once a credential was verified. */
  actor?: string;
  /** By what the actor may pull, where it is nothing more than membership of a project. */
  right?: "by_project";
  /** Whether something of a repository was asked for, and not just the way to log in. */
  isPull?: boolean;
  kind?: PullKind;
  told?: Told;
  /** Of content in the answer that was here already: what is on its way is counted as it goes. */
  bytes?: number;
  /** The trace that the request belongs to, where it is recorded. */
  trace?: string;
  /** Of a pull: through which registry, once the caller is known to be allowed to. */
  registry?: Registry;
  /** The same: what it asks for. */
  asked?: V2Path;
  /** Of a body that goes on after the head of the answer. */
  flow?: Flow;
  refusal?: RegistryError;
}

/** What the router's handlers find beside the request. */
export interface Env {
  Bindings: { server: BunServer; exchange: Exchange };
  Variables: { exchange: Exchange };
}

export type BunServer = Pick<Server<undefined>, "timeout" | "requestIP">;

/** Ids of requests: unique in this process and, by the random beginning, among processes. */
export function requestIds(): () => string {
  const process = crypto.getRandomValues(new Uint8Array(6)).toHex();
  let count = 0;
  return () => `${process}-${(++count).toString(36)}`;
}
