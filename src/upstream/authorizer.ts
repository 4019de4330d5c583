import { LruMap } from "../lib/lru.ts";
import type { Log } from "../lib/log.ts";
import { parseChallenges } from "../oci/challenge.ts";
import type { Answer } from "./answer.ts";
import { UpstreamError, type Upstream } from "./contract.ts";
import { orAborted } from "./exchange.ts";
import { sendFollowing } from "./redirect.ts";
import {
  basicCredentials,
  chooseScheme,
  hasCredentials,
  isSameScheme,
  type Scheme,
} from "./scheme.ts";
import { type Denied, denied, type TokenSource } from "./tokens.ts";
import type { Call, Transport } from "./transport.ts";

/** A call to a registry, which may need to know who asks. */
export interface RegistryCall extends Omit<Call, "upstream" | "signal"> {
  upstream: Upstream;
  repository: string;
  signal: AbortSignal;
}

interface Credential {
  authorization: string;
  /** Of a token, to say which one was refused. */
  token: string | undefined;
  fresh: boolean;
}

const maxUpstreams = 1024;
/** With what is known, with what the challenge asks for, with a token made anew. */
const maxSends = 3;

/** Says who asks, in the way that each upstream wants it, and remembers that way: the next call needs no 401 first. */
export class Authorizer {
  readonly #schemes = new LruMap<string, Scheme>(maxUpstreams);

  constructor(
    readonly transport: Transport,
    readonly tokens: TokenSource,
    readonly log: Log,
  ) {}

  /** The final answer, a 401 where nothing helped; `denied` where already the token service refused. */
  async send(call: RegistryCall): Promise<Answer | Denied> {
    const memory = `${call.upstream.id} ${call.upstream.version}`;
    let scheme = this.#schemes.get(memory);
    let credential = scheme && (await this.#credential(call, scheme, undefined, memory));
    for (let sends = 1; ; sends++) {
      if (credential === denied) return denied;
      const answer = await sendFollowing(this.transport, authorized(call, credential));
      // Somewhere else they may ask who we are as they like.
      if (answer.status !== 401 || answer.url.origin !== call.url.origin) return answer;
      const asked = this.#read(answer, call.upstream);
      const tried = asked && credential?.fresh === true && isSameScheme(asked, scheme);
      if (!asked || tried || sends === maxSends) return answer;
      await answer.discard();
      scheme = asked;
      this.#schemes.set(memory, scheme);
      credential = await this.#credential(call, scheme, credential?.token, memory);
    }
  }

  #read(answer: Answer, upstream: Upstream): Scheme | undefined {
    const challenges = parseChallenges(answer.headers.get("www-authenticate"));
    try {
      return chooseScheme(challenges, upstream);
    } catch (error) {
      answer.abandon();
      this.log.warn("token service not allowed", { upstream: upstream.name });
      throw error;
    }
  }

  async #credential(
    { upstream, repository, signal }: RegistryCall,
    scheme: Scheme,
    refused: string | undefined,
    memory: string,
  ): Promise<Credential | Denied | undefined> {
    if (scheme.kind === "basic") {
      if (!hasCredentials(upstream)) return undefined;
      return { authorization: basicCredentials(upstream), token: undefined, fresh: true };
    }
    try {
      const wanted = this.tokens.token(upstream, scheme, repository, refused);
      const token = await orAborted(wanted, signal);
      if (token === denied) return denied;
      return { authorization: `Bearer ${token.text}`, token: token.text, fresh: token.fresh };
    } catch (error) {
      // The service may have moved: the next call asks the registry for it again.
      if (error instanceof UpstreamError) this.#schemes.delete(memory);
      throw error;
    }
  }
}

function authorized(call: RegistryCall, credential: Credential | undefined): Call {
  const { authorization } = credential ?? {};
  if (authorization === undefined) return call;
  return { ...call, headers: { ...call.headers, Authorization: authorization } };
}
