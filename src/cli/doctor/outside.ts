import type { Clock } from "../../lib/clock.ts";
import { parseChallenges } from "../../oci/challenge.ts";
import { certificateAt, type Incoming, send, Unanswered } from "../outbound.ts";
import { failed, type Finding, ok, skipped, warning } from "./finding.ts";

/** Milliseconds. */
const deadline = 10_000;
const most = 1 << 20;
const soon = 14 * 86_400_000;

export interface Outside {
  clock: Clock;
  /** What clients use, without a slash at its end. */
  externalUrl: string;
  /** To log in with, as a client would; undefined: that is left out. */
  token: string | undefined;
}

export const ask = (clock: Clock, url: URL, headers: Record<string, string> = {}) =>
  send(clock, { method: "GET", url, headers, deadline, most });

/** The address that clients use, as one of them sees it: certificate, challenge, token. */
export async function outsideFindings(outside: Outside): Promise<Finding[]> {
  const { clock, externalUrl } = outside;
  const certificate = await certificateFindings(clock, new URL(externalUrl));
  let answer: Incoming;
  try {
    answer = await ask(clock, new URL(`${externalUrl}/v2/`));
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    const message = `${externalUrl} ${error.message}, seen from this machine`;
    const fix =
      "set WEIR_EXTERNAL_URL to what clients use; start the server; look at the proxy before it";
    return [...certificate, failed("external URL", message, fix)];
  }
  const findings = challengeFindings(outside, answer);
  const isFine = findings.every(({ status }) => status === "ok");
  return [...certificate, ...findings, ...(isFine ? await tokenFindings(outside, answer) : [])];
}

async function certificateFindings(clock: Clock, url: URL): Promise<Finding[]> {
  if (url.protocol !== "https:") return [];
  try {
    const { validFrom, validTo, problem } = await certificateAt(clock, url, deadline);
    const now = clock.now();
    const day = (time: number) => new Date(time).toISOString().slice(0, 10);
    const renew = "renew it, and load it: a proxy's by a reload, WEIR_TLS_CERT by a restart";
    if (now < validFrom || now >= validTo) {
      const message = `it counts from ${day(validFrom)} to ${day(validTo)}, and not now`;
      return [failed("certificate", message, renew)];
    }
    if (problem !== undefined) {
      const fix = "use one for this name and of an authority that clients trust, with all between";
      return [failed("certificate", `this machine does not trust it (${problem})`, fix)];
    }
    const until = `it counts until ${day(validTo)}`;
    return [validTo - now < soon ? warning("certificate", until, renew) : ok("certificate", until)];
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return []; // said of the address itself
  }
}

const challengeOf = ({ headers }: Incoming) =>
  parseChallenges(headers.get("www-authenticate")).find(({ scheme }) => scheme === "bearer");

function challengeFindings({ externalUrl }: Outside, answer: Incoming): Finding[] {
  const { status, headers } = answer;
  const check = "external URL";
  const place = `${externalUrl}/v2/`;
  if (status >= 300 && status < 400) {
    const fix = "set WEIR_EXTERNAL_URL to where it leads, or serve it there";
    return [failed(check, `${place} leads elsewhere (${status})`, fix)];
  }
  const challenge = challengeOf(answer);
  if (status !== 401 || !challenge || !headers.has("x-request-id")) {
    const fix = "lead all paths /v2/, /jwt/ and /api/ of this address here, headers unchanged";
    return [failed(check, `${place} answers ${status}, but not as this server does`, fix)];
  }
  const { realm = "", service = "" } = challenge.parameters;
  const own = `${externalUrl}/jwt/auth`;
  if (realm !== own || service !== new URL(externalUrl).host) {
    const fix = `set WEIR_EXTERNAL_URL of the server to ${externalUrl}, or give doctor the address that is meant`;
    return [failed(check, `clients are sent to ${realm} (service ${service}) to log in`, fix)];
  }
  return [ok(check, `${place} asks for a login at ${realm}`)];
}

async function tokenFindings(outside: Outside, challenged: Incoming): Promise<Finding[]> {
  const { clock, externalUrl, token } = outside;
  const { realm = "", service = "" } = challengeOf(challenged)?.parameters ?? {};
  const url = new URL(realm);
  url.searchParams.set("service", service);
  const check = "token";
  if (token === undefined) {
    return [skipped(check, "no access token is given", "give one by WEIR_TOKEN or --token-file")];
  }
  try {
    const headers = { Authorization: `Basic ${btoa(`weir:${token}`)}` };
    const answer = await ask(clock, url, headers);
    if (answer.status !== 200) {
      const fix = "give another token; where it counts elsewhere, the proxy drops Authorization";
      return [failed(check, `${realm} answers a login with ${answer.status}`, fix)];
    }
    const pulls = JSON.parse(answer.text) as { token?: string };
    const bearer = { Authorization: `Bearer ${pulls.token ?? ""}` };
    const { status } = await ask(clock, new URL(`${externalUrl}/v2/`), bearer);
    const fix =
      "see to it that the proxy passes Authorization on, and that all servers have the same secret key";
    return status === 200
      ? [ok(check, "a login gives a token, and it counts")]
      : [failed(check, `the token that a login gives is answered with ${status}`, fix)];
  } catch (error) {
    if (!(error instanceof Unanswered) && !(error instanceof SyntaxError)) throw error;
    return [failed(check, `${realm}: ${error.message}`, "lead /jwt/auth of this address here too")];
  }
}
