import type { Clock } from "../lib/clock.ts";
import type { Answer } from "./answer.ts";
import { pause } from "../lib/exchange.ts";
import { isReset } from "./failure.ts";
import { parseRetryAfter } from "../lib/retry-after.ts";
import type { Call, Sender } from "./transport.ts";

/** Statuses of a server, or of a gateway before it, that is away for a moment. */
const passing = new Set([500, 502, 503, 504]);
/** Milliseconds, at most, before the second try. */
const longest = 250;
/** Seconds that a client is made to wait because an upstream asks us to; for longer it is told to come back. */
const shortWait = 5;

/**
 * Sends a request a second time where that is likely to help: at once, over a new connection, when the first one ended
 * without an answer; a random moment later, when a server failed, or a gateway answered for it, and did not say when to come back; and
 * when it said so, or set us a limit, for a GET, if the wait is a short one.
 * Everything we send is GET or HEAD, so sending it twice changes nothing (RFC 9110, section 9.2.2). Never after a
 * time-out, which has cost enough already. `fetch` itself repeats a GET whose kept-alive connection
 * turns out to be closed; that is not known here and does not count. A request on behalf of another server of this
 * kind is left for that one to repeat: if each did, tries would multiply along a chain, and most of all in a ring.
 */
export class Retrying implements Sender {
  constructor(
    readonly sender: Sender,
    readonly clock: Clock,
    /** From 0 to 1. */
    readonly random: () => number,
  ) {}

  async send(call: Call): Promise<Answer> {
    if (call.marks?.length) return this.sender.send(call);
    let answer: Answer;
    try {
      answer = await this.sender.send(call);
    } catch (error) {
      if (!isReset(error)) throw error;
      return this.sender.send(call);
    }
    const wait = this.#waitAfter(call, answer);
    if (wait === undefined) return answer;
    await answer.discard();
    await pause(this.clock, wait, call.signal);
    return this.sender.send(call);
  }

  /** Milliseconds until a second try; undefined where it would not help, or not soon enough. */
  #waitAfter({ method }: Call, { status, headers }: Answer): number | undefined {
    const jitter = this.random() * longest;
    const asked = parseRetryAfter(headers.get("retry-after"), this.clock.now());
    if (asked === undefined) return passing.has(status) ? jitter : undefined;
    // A HEAD is a check, which has a copy to fall back on.
    const isWorthIt = method === "GET" && asked <= shortWait;
    return isWorthIt && (status === 429 || passing.has(status)) ? asked * 1000 + jitter : undefined;
  }
}
