import { randomBytes } from "node:crypto";
import path from "node:path";
import { environment, run } from "../../test/e2e/lab/processes.ts";
import type { Kind } from "./contract.ts";

const root = path.join(import.meta.dir, "../..");

/** Weir as its users start it, with nothing set but what the bench needs and the given settings. */
export async function weir(settings: Record<string, string>): Promise<Kind> {
  const admin = randomBytes(24).toString("hex");
  return {
    version: `Weir ${await version()}`,
    prefix: "virtual_registries/container/1/",
    launchers: 1,
    command: () => ["node", path.join(root, "bin/weir.mjs"), "serve"],
    settings: ({ port, home, upstreamUrl }) => ({
      WEIR_LISTEN: `127.0.0.1:${port}`,
      WEIR_DATA_DIR: path.join(home, "data"),
      WEIR_ADMIN_TOKEN: admin,
      WEIR_FIRST_UPSTREAM_URL: upstreamUrl,
      WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
      ...settings,
    }),
    token: (base) => fetchToken(base, admin),
  };
}

async function version(): Promise<string> {
  const file = Bun.file(path.join(root, "package.json"));
  const { version } = (await file.json()) as { version: string };
  const git = ["git", "-C", root, "describe", "--always", "--dirty"];
  const { code, stdout } = await run(git, environment("/")).catch(() => ({ code: 1, stdout: "" }));
  return code === 0 ? `${version} (${stdout.trim()})` : version;
}

/** Logs in as a client does: a bare request, its challenge, the token service. */
async function fetchToken(base: string, password: string): Promise<string> {
  const refused = await fetch(`${base}/manifests/small`);
  await refused.text();
  const challenge = refused.headers.get("www-authenticate") ?? "";
  const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? "";
  if (!URL.canParse(field("realm"))) throw new Error(`no realm in the challenge "${challenge}"`);
  const url = new URL(field("realm"));
  url.searchParams.set("service", field("service"));
  url.searchParams.set("scope", field("scope"));
  const authorization = `Basic ${btoa(`bench:${password}`)}`;
  const answer = await fetch(url, { headers: { authorization } });
  if (answer.status !== 200) throw new Error(`token: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { token: string }).token;
}
