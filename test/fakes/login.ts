import { externalUrl, type TestWeir } from "./weir.ts";

export interface Login {
  username: string;
  password: string;
}

/** What the token endpoint says to a login, and what a pull with its token gives; `mint` alone where there is no token. */
export interface Pulled {
  mint: number;
  pull: number | undefined;
}

/** A pull token for a name, or the status of the refusal. */
export async function mint(
  weir: TestWeir,
  login: Login | undefined,
  name: string,
): Promise<string | number> {
  const query = new URLSearchParams({
    service: new URL(externalUrl).host,
    scope: `repository:${name}:pull`,
  });
  const headers = login && {
    Authorization: `Basic ${btoa(`${login.username}:${login.password}`)}`,
  };
  const answer = await fetch(`${weir.url}/jwt/auth?${query}`, { ...(headers && { headers }) });
  if (!answer.ok) return answer.status;
  return ((await answer.json()) as { token: string }).token;
}

export function get(weir: TestWeir, token: string, path: string): Promise<Response> {
  return fetch(`${weir.url}/v2/${path}`, { headers: { Authorization: `Bearer ${token}` } });
}

/** Logs in and pulls a manifest, as a client does. */
export async function pullAs(
  weir: TestWeir,
  login: Login | undefined,
  name: string,
  reference = "1",
): Promise<Pulled> {
  const token = await mint(weir, login, name);
  if (typeof token === "number") return { mint: token, pull: undefined };
  const { status } = await get(weir, token, `${name}/manifests/${reference}`);
  return { mint: 200, pull: status };
}
