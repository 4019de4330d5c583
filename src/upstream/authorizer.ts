import type { Log } from "../lib/log.ts";
import { parseChallenges } from "../oci/challenge.ts";
import type { Answer } from "./answer.ts";
import { UpstreamError, type Upstream } from "./contract.ts";
import { orAborted } from "../lib/exchange.ts";
import { sendFollowing } from "./redirect.ts";
import {
  basicCredentials,
  chooseScheme,
  hasCredentials,
  isSameScheme,
  type Scheme,
} from "./scheme.ts";
import type { Standing } from "./standings.ts";
import { type Denied, denied, type TokenSource } from "./tokens.ts";
import type { Call, Sender } from "./transport.ts";

/** A call to a registry, which may need to know who asks. */
export interface RegistryCall extends Omit<Call, "upstream"> {
  upstream: Upstream;
  repository: string;
  /** Knows the scheme, and learns it. */
  standing: Standing;
}

interface Credential {
  authorization: string;
  /** Of a token, to say which one was refused. */
  token: string | undefined;
  fresh: boolean;
}

/** With what is known, with what the challenge asks for, with a token made anew. */
const maxSends = 3;

/** Says who asks, in the way that each upstream wants it, and remembers that way: the next call needs no 401 first. */
export class Authorizer {
  constructor(
    readonly sender: Sender,
    readonly tokens: TokenSource,
    readonly log: Log,
  ) {}

  /** The final answer, a 401 where nothing helped; `denied` where already the token service refused. */
  async send(call: RegistryCall): Promise<Answer | Denied> {
    const { standing } = call;
    let { scheme } = standing;
    let credential = scheme && (await this.#credential(call, scheme, undefined));
    for (let sends = 1; ; sends++) {
      if (credential === denied) return denied;
      const answer = await sendFollowing(this.sender, authorized(call, credential));
      // Somewhere else they may ask who we are as they like.
      if (answer.status !== 401 || answer.url.origin !== call.url.origin) return answer;
      const asked = this.#read(answer, call.upstream);
      const tried = asked && credential?.fresh === true && isSameScheme(asked, scheme);
      if (!asked || tried || sends === maxSends) return answer;
      await answer.discard();
      scheme = asked;
      standing.scheme = scheme;
      credential = await this.#credential(call, scheme, credential?.token);
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
    { upstream, repository, signal, standing }: RegistryCall,
    scheme: Scheme,
    refused: string | undefined,
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
      if (error instanceof UpstreamError) standing.scheme = undefined;
      throw error;
    }
  }
}

function authorized(call: RegistryCall, credential: Credential | undefined): Call {
  const { authorization } = credential ?? {};
  if (authorization === undefined) return call;
  return { ...call, headers: { ...call.headers, Authorization: authorization } };
}
