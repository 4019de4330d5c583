import type { Answer } from "./answer.ts";
import { failure } from "./failure.ts";
import type { Call, Sender } from "./transport.ts";

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 5;

/**
 * Sends a call and follows where it is sent. `Authorization` is left behind for good at the first other origin: not
 * even a sub-domain or another port of the same host gets it (GHSA-vh4v-2xq2-g5cg, CVE-2026-3783).
 */
export async function sendFollowing(sender: Sender, call: Call): Promise<Answer> {
  let { url, headers } = call;
  for (let followed = 0; ; followed++) {
    const answer = await sender.send({ ...call, url, headers });
    if (!redirects.has(answer.status)) return answer;
    await answer.discard();
    const { name } = call.upstream;
    if (followed === maxRedirects) throw failure("invalid", name, "redirects without an end");
    const target = targetOf(answer, name);
    if (target.origin !== url.origin) {
      const { Authorization: _, ...others } = headers;
      headers = others;
    }
    url = target;
  }
}

function targetOf(answer: Answer, name: string): URL {
  const location = answer.headers.get("location") ?? "";
  const target = location === "" ? null : URL.parse(location, answer.url);
  if (!target) throw failure("invalid", name, "redirects to nowhere");
  if (answer.url.protocol === "https:" && target.protocol === "http:") {
    throw failure("blocked", name, "redirects from https to http");
  }
  return target;
}
