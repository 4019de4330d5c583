import type { Clock } from "../lib/clock.ts";
import { SingleFlight } from "../lib/single-flight.ts";
import { inSpan } from "../lib/tracing/span.ts";
import { parseStrictJson } from "../lib/strict-json.ts";
import { pullScope } from "../oci/scope.ts";
import type { Answer } from "./answer.ts";
import type { Upstream } from "./contract.ts";
import { within } from "../lib/exchange.ts";
import { failure } from "./failure.ts";
import { basicCredentials, hasCredentials, type Scheme } from "./scheme.ts";
import { statusFailure } from "./status.ts";
import type { Sender } from "./transport.ts";

type Bearer = Extract<Scheme, { kind: "bearer" }>;

export interface Token {
  text: string;
  /** Made for this very call, so that one more would be no better. */
  fresh: boolean;
}

/** The token service gives nothing to an anonymous request: that says what the registry's own refusal would say. */
export const denied = "denied";
export type Denied = typeof denied;

const maxTokens = 4096;
const maxAnswer = 64 << 10;
const jsonLimits = { depth: 16, elements: 1000 };
/** Seconds; the least is also what counts when nothing is said (Docker token specification, `expires_in`). */
const lifetime = { least: 60, most: 3600 };
/** Milliseconds before its end at which a token counts as over, since the call that it is for takes time. */
const reserve = 30_000;
/** Visible ASCII; RFC 6750, section 2.1, allows still less. */
const headerSafe = /^[!-~]+$/;

/** Gets and keeps pull tokens: one per upstream, version of its credentials, realm, service and repository. */
export class TokenSource {
  /** The one kept last is the last in it. */
  readonly #kept = new Map<string, { text: string; until: number; upstreamId: number }>();
  readonly #flights = new SingleFlight<Token | Denied>();

  /** `deadline`: milliseconds that getting a token may take. */
  constructor(
    readonly clock: Clock,
    readonly sender: Sender,
    readonly deadline: number,
  ) {}

  /** A token other than `refused`; asked for once, for all who want it, when none is kept. Throws `UpstreamError`. */
  async token(
    upstream: Upstream,
    scheme: Bearer,
    repository: string,
    refused: string | undefined,
  ): Promise<Token | Denied> {
    const scope = pullScope(repository);
    const { id, version, name } = upstream;
    const key = JSON.stringify([id, version, scheme.realm, scheme.service ?? null, scope]);
    const kept = this.#kept.get(key);
    if (kept && kept.text !== refused && this.clock.now() < kept.until) {
      return { text: kept.text, fresh: false };
    }
    const late = () => failure("timeout", name, "has a token service that does not answer in time");
    const ask = () =>
      within(this.clock, this.deadline, late, (signal) =>
        this.#ask(upstream, tokenUrl(scheme, scope), signal),
      );
    return this.#flights.do(key, async () => {
      const given = await inSpan("token", "internal", () => ({ "weir.upstream": name }), ask);
      if (given === denied) return denied;
      this.#keep(key, given, id);
      return { text: given.text, fresh: true };
    });
  }

  /** Drops all tokens for this upstream. */
  forget(upstreamId: number): void {
    for (const [key, kept] of this.#kept) {
      if (kept.upstreamId === upstreamId) this.#kept.delete(key);
    }
  }

  #keep(key: string, { text, ms }: Given, upstreamId: number): void {
    this.#kept.delete(key);
    this.#kept.set(key, { text, until: this.clock.now() + ms - reserve, upstreamId });
    if (this.#kept.size <= maxTokens) return;
    for (const oldest of this.#kept.keys()) return void this.#kept.delete(oldest);
  }

  /** Redirects are not followed: a token service that is trusted does not vouch for another. */
  async #ask(upstream: Upstream, url: URL, signal: AbortSignal): Promise<Given | Denied> {
    const known = hasCredentials(upstream);
    const headers: Record<string, string> = { Accept: "application/json" };
    if (known) headers["Authorization"] = basicCredentials(upstream);
    const call = { upstream, method: "GET", url, headers, signal, lane: "call" } as const;
    const answer = await this.sender.send(call);
    if (answer.status === 200) return readToken(answer);
    await answer.discard();
    if (answer.status === 401 || answer.status === 403) {
      if (!known) return denied;
      throw failure("denied", upstream.name, "refuses the credentials that are configured for it");
    }
    throw statusFailure(answer, this.clock.now(), "has a token service that ");
  }
}

function tokenUrl({ realm, service }: Bearer, scope: string): URL {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  // Exactly what is needed, whatever the challenge or the realm's own query suggests.
  url.searchParams.set("scope", scope);
  return url;
}

interface Given {
  text: string;
  /** How long it lives. */
  ms: number;
}

async function readToken(answer: Answer): Promise<Given> {
  const bytes = await answer.bytes(maxAnswer);
  const invalid = () =>
    failure("invalid", answer.upstream, "has a token service that answers with no token");
  let document: unknown;
  try {
    document = parseStrictJson(new TextDecoder().decode(bytes), jsonLimits);
  } catch {
    throw invalid(); // the parser's words would quote what stood there
  }
  if (typeof document !== "object" || document === null) throw invalid();
  const { token, access_token: accessToken, expires_in: seconds } = document as GivenFields;
  const text = [token, accessToken].find((value) => typeof value === "string" && value !== "");
  if (typeof text !== "string" || !headerSafe.test(text)) throw invalid();
  const said = typeof seconds === "number" ? seconds : 0;
  return { text, ms: 1000 * Math.min(Math.max(said, lifetime.least), lifetime.most) };
}

interface GivenFields {
  token?: unknown;
  access_token?: unknown;
  expires_in?: unknown;
}
