import { afterEach, beforeEach, expect } from "bun:test";
import type { OidcIssuer } from "../../../src/work/contract.ts";
import { FakeIssuer } from "../../fakes/issuer.ts";
import { FakeUpstream } from "../../fakes/upstream.ts";
import { externalUrl, TestWeir, type WeirOptions } from "../../fakes/weir.ts";

export const name = (registry: number) => `virtual_registries/container/${registry}/library/alpine`;
export const refusal =
  '{"errors":[{"code":"UNAUTHORIZED","message":"the password or access token that was given is not valid"}]}';

export let upstream: FakeUpstream;
export let issuer: FakeIssuer;
export let weir: TestWeir;

/** Each test of the file that calls it has an issuer of its own, and stops the server that it starts. */
export function forEachTest(): void {
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
    upstream.image("library/alpine", "latest");
    issuer = await FakeIssuer.start();
  });

  afterEach(async () => {
    await weir.stop();
    await issuer.stop();
    await upstream.stop();
  });
}

export async function serve(options: WeirOptions): Promise<void> {
  weir = await TestWeir.start(options);
}

export async function start(
  changes: Partial<OidcIssuer> = {},
  more: Partial<WeirOptions> = {},
): Promise<void> {
  await serve({
    upstreams: [{ fake: upstream }],
    others: [{ fake: upstream }],
    groups: ["default/tools", "default/tools/sub"],
    oidcIssuers: [issuer.settings(changes)],
    ...more,
    env: { WEIR_DEPENDENCY_PROXY_URL: upstream.url, ...more.env },
  });
}

/** What the token endpoint answers to this password. */
export async function login(
  password: string,
  repository = name(1),
  username = "oidc",
): Promise<Response> {
  const service = new URL(externalUrl).host;
  const query = new URLSearchParams({ service, scope: `repository:${repository}:pull` });
  const Authorization = `Basic ${btoa(`${username}:${password}`)}`;
  return fetch(`${weir.url}/jwt/auth?${query}`, { headers: { Authorization } });
}

interface Issued {
  token: string;
  expires_in: number;
}

export async function pullToken(password: string, repository = name(1)): Promise<Issued> {
  const answer = await login(password, repository);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Issued;
}

export const manifest = (token: string, repository = name(1)) =>
  fetch(`${weir.url}/v2/${repository}/manifests/latest`, {
    headers: { Authorization: `Bearer ${token}` },
  });

/** The status of a pull with nothing but this password. */
export async function pull(password: string, repository = name(1)): Promise<number> {
  const { token } = await pullToken(password, repository);
  return (await manifest(token, repository)).status;
}

export async function refused(password: string, reason?: string, username?: string): Promise<void> {
  const before = weir.logLines.length;
  const answer = await login(password, name(1), username);
  expect([answer.status, await answer.text()]).toEqual([401, refusal]);
  const said = weir.logLines.slice(before).find(({ message }) => message === "id token refused");
  expect(said?.["reason"]).toBe(reason);
}

export const now = () => Math.floor(weir.clock.now() / 1000);
export const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;
