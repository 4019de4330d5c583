import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { ringMarker } from "../contract.ts";
import { within } from "../../lib/exchange.ts";
import { failure } from "../failure.ts";
import { type AllowedRange, createGuard, type Resolve } from "../guard.ts";
import { Transport } from "../transport.ts";
import { maxWebAnswer, type WebClient } from "./contract.ts";

export interface WebClientOptions {
  clock: Clock;
  log: Log;
  /** As in `UpstreamClientOptions`. */
  version: string;
  instanceId: string;
  allowedAddresses: readonly AllowedRange[];
  /** In place of the machine's resolver. */
  resolve?: Resolve;
}

/** Milliseconds: somebody looks at an empty page meanwhile. */
const limits = { connect: 5000, head: 10_000, idle: 5000 };
const total = 10_000;

export function createWebClient(options: WebClientOptions): WebClient {
  const { clock, log, version, instanceId, allowedAddresses, resolve } = options;
  const guard = createGuard({ clock, allowed: allowedAddresses, ...(resolve && { resolve }) });
  const headers = { "User-Agent": `weir/${version}`, "Accept-Encoding": "identity" };
  const mark = ringMarker(instanceId);
  // Of its own: ids of peers are not those of upstreams.
  const transport = new Transport({ clock, log, guard, headers, mark, limits });
  return {
    ask(peer, request) {
      const upstream = { ...peer, version: 0 };
      const late = () => failure("timeout", peer.name, "did not answer in time");
      return within(clock, total, late, async (signal) => {
        const answer = await transport.send({ ...request, upstream, signal, lane: "call" });
        const { status } = answer;
        return { status, headers: answer.headers, body: await answer.bytes(maxWebAnswer) };
      });
    },
    close: () => transport.close(),
  };
}
