import { type Config, loadConfig } from "../../config.ts";
import { type Command, exit } from "../command.ts";

/** Milliseconds. Less than those who call this wait for it themselves. */
const patience = 3000;

export const healthcheck: Command = {
  name: "healthcheck",
  summary:
    "Ask the server of this configuration on this machine how it is; for container health checks.",
  arguments: [],
  options: {
    ready: {
      summary: "ask whether it can serve (/readyz), and not only whether it is there (/healthz)",
    },
  },
  examples: ["weir healthcheck", "weir healthcheck --ready"],
  async run({ env, readFile, io }, given) {
    const url = localUrl(loadConfig(env, readFile), given.has("ready") ? "/readyz" : "/healthz");
    try {
      const response = await fetch(url, {
        proxy: false,
        redirect: "manual",
        signal: AbortSignal.timeout(patience),
        // Our own certificate is for the name that clients use, not for this address; nothing secret is sent.
        tls: { rejectUnauthorized: false },
      });
      io.out(await response.text());
      return response.ok ? exit.ok : exit.failed;
    } catch (error) {
      const { name, code = name } = error as Error & { code?: string };
      io.err(`weir: nobody answers at ${url} (${code})`);
      return exit.failed;
    }
  },
};

/** Where the server listens, as one reaches it from the machine itself. */
function localUrl({ listen, tls }: Config, path: string): string {
  const everywhere: Partial<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "[::1]" };
  const { hostname, port } = listen;
  const host = everywhere[hostname] ?? (hostname.includes(":") ? `[${hostname}]` : hostname);
  return `${tls ? "https" : "http"}://${host}:${port}${path}`;
}
