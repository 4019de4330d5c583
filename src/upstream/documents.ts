import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { parseStrictJson } from "../lib/strict-json.ts";
import type { Answer } from "./answer.ts";
import {
  type DocumentClient,
  type DocumentSource,
  maxDocumentBytes,
  ringMarker,
} from "./contract.ts";
import { within } from "../lib/exchange.ts";
import { failure } from "./failure.ts";
import { type AllowedRange, createGuard, type Resolve } from "./guard.ts";
import { Retrying } from "./retry.ts";
import { statusFailure } from "./status.ts";
import { Transport } from "./transport.ts";

export interface DocumentClientOptions {
  clock: Clock;
  log: Log;
  /** As in `UpstreamClientOptions`. */
  version: string;
  instanceId: string;
  allowedAddresses: readonly AllowedRange[];
  random: () => number;
  /** In place of the machine's resolver. */
  resolve?: Resolve;
}

/** Milliseconds. Somebody is waiting for his login. */
const limits = { connect: 5000, head: 5000, idle: 5000 };
const total = 5000;
const jsonLimits = { depth: 16, elements: 10_000 };

export function createDocumentClient(options: DocumentClientOptions): DocumentClient {
  const { clock, log, version, instanceId, allowedAddresses, random, resolve } = options;
  const guard = createGuard({ clock, allowed: allowedAddresses, ...(resolve && { resolve }) });
  const headers = {
    "User-Agent": `weir/${version}`,
    "Accept-Encoding": "identity",
    Accept: "application/json",
  };
  // Of its own: ids of sources are not those of upstreams.
  const mark = ringMarker(instanceId);
  const transport = new Transport({ clock, log, guard, headers, mark, limits });
  const sender = new Retrying(transport, clock, random);

  async function ask({ id, name, ca }: DocumentSource, url: URL, signal: AbortSignal) {
    const upstream = { id, name, version: 0, ca };
    const call = { upstream, method: "GET", url, headers: {}, signal, lane: "call" } as const;
    const answer = await sender.send(call);
    if (answer.status === 200) return read(answer);
    await answer.discard();
    throw statusFailure(answer, clock.now());
  }

  return {
    document(source, url) {
      const late = () => failure("timeout", source.name, "did not answer in time");
      return within(clock, total, late, (signal) => ask(source, url, signal));
    },
    close: () => transport.close(),
  };
}

async function read(answer: Answer): Promise<Record<string, unknown>> {
  const bytes = await answer.bytes(maxDocumentBytes);
  const document = parse(new TextDecoder().decode(bytes));
  if (typeof document === "object" && document !== null && !Array.isArray(document)) {
    return document as Record<string, unknown>;
  }
  throw failure("invalid", answer.upstream, "answered with no document in JSON");
}

/** Undefined for what is no JSON: the parser's words would quote what stood there. */
function parse(text: string): unknown {
  try {
    return parseStrictJson(text, jsonLimits);
  } catch {
    return undefined;
  }
}
