import type { Api } from "../client.ts";
import { Failure } from "../command.ts";
import { allUpstreams, container } from "../find.ts";
import { send, Unanswered } from "../outbound.ts";
import { type Arrival, type Entry, shapes } from "../shapes.ts";
import { failed, type Finding, ok, skipped, warning } from "./finding.ts";
import { ask } from "./outside.ts";

const needsToken = "give an administrator's access token by WEIR_TOKEN or --token-file";

/** What a proxy before the server makes of requests, as the server tells; `api` is at the address that clients use. */
export async function proxyFindings(api: Api): Promise<Finding[]> {
  const check = "proxy";
  try {
    return judge(await api.get(shapes.arrival, "/arrival"), api.address.url);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [skipped(check, error.message.split("\n")[0] ?? "", needsToken)];
  }
}

function judge(arrival: Arrival, url: string): Finding[] {
  const {
    peer,
    address,
    trusted_proxy: trusted,
    forwarded,
    closes,
    forwarded_proto: proto,
  } = arrival;
  const check = "proxy";
  if (!forwarded && !trusted) return [ok(check, `requests come here directly (from ${peer})`)];
  const findings: Finding[] = [];
  if (!trusted) {
    const fix = `set WEIR_TRUSTED_PROXIES to ${peer}, if that is your proxy`;
    return [
      warning(check, `${peer} forwards requests and is not trusted: all its clients are one`, fix),
    ];
  }
  if (!forwarded || address === null) {
    const fix = "have the proxy send X-Forwarded-For, once and unbroken";
    findings.push(
      warning(check, `${peer} is trusted but does not tell whose requests it forwards`, fix),
    );
  }
  if (closes) {
    const fix =
      "have it speak HTTP/1.1 (nginx: proxy_http_version 1.1), so that cut transfers are seen as such";
    findings.push(warning(check, `${peer} speaks HTTP/1.0, or closes each connection`, fix));
  }
  if (url.startsWith("https:") && proto?.toLowerCase() !== "https") {
    const fix = "have the proxy send X-Forwarded-Proto: https";
    findings.push(warning(check, `${peer} does not say that clients came by https`, fix));
  }
  return findings.length > 0 ? findings : [ok(check, `${peer} forwards requests, and says whose`)];
}

/** Asks for one byte of a blob that is cached, as pullers of single layers' parts do. */
export async function rangeFindings(api: Api): Promise<Finding[]> {
  const check = "range request";
  try {
    const found = await cachedBlob(api);
    if (!found) return [skipped(check, "no blob is cached yet", "pull an image and try again")];
    return [await askRange(api, found)];
  } catch (error) {
    if (error instanceof Unanswered) {
      const fix = "have the proxy pass Range on, and not put answers together itself";
      return [failed(check, `a part of a blob ${error.message}`, fix)];
    }
    if (!(error instanceof Failure)) throw error;
    return [skipped(check, error.message.split("\n")[0] ?? "", needsToken)];
  }
}

interface Found {
  /** With our prefix. */
  name: string;
  entry: Entry;
}

async function cachedBlob(api: Api): Promise<Found | undefined> {
  for (const { item } of await allUpstreams(api)) {
    const path = `${container}/upstreams/${item.id}`;
    const { registry_upstreams: places } = await api.get(shapes.upstreamDetail, path);
    const [place] = places;
    if (!place) continue;
    const query = { search: "/blobs/" };
    for await (const entry of api.pages(shapes.entry, `${path}/cache_entries`, query)) {
      const repository = /^\/(.+)\/blobs\//.exec(entry.relative_path)?.[1];
      if (repository === undefined || entry.size < 2) continue;
      return { name: `${container.slice(1)}/${place.registry_id}/${repository}`, entry };
    }
  }
  return undefined;
}

async function askRange({ address, clock }: Api, { name, entry }: Found): Promise<Finding> {
  const check = "range request";
  const { url, token } = address;
  const login = new URL(`${url}/jwt/auth`);
  login.searchParams.set("service", new URL(url).host);
  login.searchParams.set("scope", `repository:${name}:pull`);
  const basic = { Authorization: `Basic ${btoa(`weir:${token ?? ""}`)}` };
  const given = await ask(clock, login, basic);
  const { token: bearer = "" } = (given.status === 200 ? JSON.parse(given.text) : {}) as {
    token?: string;
  };
  const headers = { Authorization: `Bearer ${bearer}`, Range: "bytes=1-1" };
  const blob = new URL(`${url}/v2/${name}/blobs/${entry.digest}`);
  const request = { method: "GET", url: blob, headers, deadline: 10_000, most: 1 << 10 };
  const answer = await send(clock, request);
  const part = answer.headers.get("content-range");
  if (answer.status === 206 && part === `bytes 1-1/${entry.size}`) {
    return ok(check, "a part of a blob is answered as such");
  }
  if (answer.status === 401 || answer.status === 404) {
    return skipped(check, `this token does not pull ${name}`, needsToken);
  }
  const fix = "have the proxy pass Range on, and not put answers together itself";
  return failed(
    check,
    `a part of a blob is answered with ${answer.status} (${part ?? "no range"})`,
    fix,
  );
}
