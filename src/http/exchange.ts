import type { Server } from "bun";
import type { RegistryError } from "../oci/error.ts";
import type { Explanation } from "../pull/contract.ts";

/** What is known of one request while it is answered; the log line is made of it. */
export interface Exchange {
  id: string;
  /** `Clock.elapsed` at its start. */
  started: number;
  /** The user's name, once a credential was verified. */
  actor?: string;
  /** How a pull was answered. */
  explanation?: Explanation;
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
