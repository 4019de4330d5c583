import { type Config, loadConfig } from "../config.ts";
import { isSecureUrl } from "../lib/secure-url.ts";
import { originUrl, readText } from "../work/contract.ts";
import { Api } from "./client.ts";
import { Failure, type Options, UsageError, type World } from "./command.ts";
import type { Given } from "./given.ts";
import type { ServerAddress } from "./refused.ts";

/** For every command that speaks to a server. */
export const connectionOptions = {
  url: { value: "URL", summary: "the server; else WEIR_URL, else the one that is set up here" },
  "token-file": {
    value: "FILE",
    summary: "with an access token; else WEIR_TOKEN or WEIR_TOKEN_FILE; - is the standard input",
  },
} as const satisfies Options;

/** The API of the server that is meant, with the token that is given. Asks nobody yet. */
export async function connect(world: World, given: Given): Promise<Api> {
  return new Api(await serverAddress(world, given), world.clock);
}

/** The server that is meant, and where that is from. */
export async function serverAddress(world: World, given: Given): Promise<ServerAddress> {
  const named = given.text("url") ?? world.env["WEIR_URL"];
  const config = named ? undefined : loadConfig(world.env, world.readFile);
  const url = named ? readUrl(named, given) : localUrl(config);
  const token = await readToken(world, given, config);
  const place = named ? (given.has("url") ? "--url" : "WEIR_URL") : "the server set up here";
  if (token && !isSecureUrl(new URL(url))) {
    world.io.err(`weir: ${url} is plain HTTP: the token can be read on its way there`);
  }
  return { url, token: token?.text, from: `${place}, ${token ? token.from : "no token"}` };
}

function readUrl(text: string, given: Given): string {
  const { data, error } = originUrl.safeParse(text);
  if (data !== undefined) return data;
  const name = given.has("url") ? "--url" : "WEIR_URL";
  throw new UsageError(`${name} ${error?.issues[0]?.message ?? "is no URL"}`);
}

/** Where a server with this configuration is reached from the machine itself. */
export function localUrl(config: Pick<Config, "listen" | "tls" | "externalUrl"> | undefined) {
  if (!config) throw new Error("there is no configuration to find the server by");
  // A certificate is for the name that clients use.
  if (config.tls) return config.externalUrl;
  const { hostname, port } = config.listen;
  const isOpen = hostname === "0.0.0.0" || hostname === "::" || hostname === "127.0.0.1";
  const host = isOpen ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http://${host}:${port}`;
}

interface Token {
  text: string;
  from: string;
}

/** Never from the command line itself, where all users of the machine can read it. */
async function readToken(
  world: World,
  given: Given,
  config: Config | undefined,
): Promise<Token | undefined> {
  const { env } = world;
  const file = given.text("token-file");
  if (file !== undefined) return { text: await fileToken(world, file), from: "--token-file" };
  if (env["WEIR_TOKEN"]) return { text: env["WEIR_TOKEN"], from: "WEIR_TOKEN" };
  const named = env["WEIR_TOKEN_FILE"];
  if (named) return { text: await fileToken(world, named), from: "WEIR_TOKEN_FILE" };
  // That of the server set up here, for which this environment has it anyway.
  if (config?.adminToken) return { text: config.adminToken, from: "the setting admin_token" };
  return undefined;
}

async function fileToken(world: World, file: string): Promise<string> {
  const text = (await readSource(world, file)).trim();
  if (/^[!-~]+$/.test(text)) return text;
  throw new Failure(`${file}: must hold an access token and nothing else`);
}

/** All of a file, or of the standard input for `-`. */
export async function readSource(world: World, file: string): Promise<string> {
  if (file === "-") return world.readInput();
  const text = readText(world.readFile, file);
  if (typeof text === "string") return text;
  throw new Failure(`${file}: ${text.problem}`);
}
