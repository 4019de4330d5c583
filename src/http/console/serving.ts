import { failureCode, failureTrace, type Log } from "../../lib/log.ts";
import type { Exchange } from "../exchange.ts";
import { pageHeaders } from "../page.ts";
import { pathOf } from "../url.ts";
import { encodingFor } from "./compression.ts";
import type { ReadyFile, ReadyFiles } from "./files.ts";

/** Everything is ours, nothing stands in the page itself, nobody frames it. */
export const consolePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** Names of assets carry a hash of what is in them. */
const forEver = "public, max-age=31536000, immutable";

/** The console, served. */
export class Console {
  #files: Promise<ReadyFiles | undefined> | undefined;

  constructor(private readonly options: { load: () => Promise<ReadyFiles>; log: Log }) {}

  /** Begins to load it, so that nobody waits for it later. Never throws: without a console everything else works. */
  prepare(): Promise<unknown> {
    return this.#ready();
  }

  /**
   * The answer to a request for the console: its page for `/` and whatever else a browser goes to, since paths are read by
   * the page itself; its assets. Undefined for everything else, which is nothing of the console's.
   */
  async answer(request: Request, exchange: Exchange): Promise<Response | undefined> {
    const { method, headers } = request;
    if (method !== "GET" && method !== "HEAD") return undefined;
    const path = pathOf(request.url);
    const isAsset = path.startsWith("/assets/");
    const isPage = path === "/" || headers.get("accept")?.includes("text/html") === true;
    if (!isAsset && !isPage) return undefined;
    const files = await this.#ready();
    if (!files) return failing(exchange);
    const file = files.get(isAsset ? path.slice(1) : "index.html");
    return file && sent(request, exchange, file, isAsset);
  }

  #ready(): Promise<ReadyFiles | undefined> {
    this.#files ??= this.#load();
    return this.#files;
  }

  async #load(): Promise<ReadyFiles | undefined> {
    const { load, log } = this.options;
    try {
      return await load();
    } catch (error) {
      log.error("the console cannot be bundled: pulls and the API go on without it", {
        code: failureCode(error),
        trace: failureTrace(error),
        problems: error instanceof Error ? error.message : undefined,
      });
      return undefined;
    }
  }
}

async function sent(
  { method, headers: asked }: Request,
  exchange: Exchange,
  file: ReadyFile,
  isAsset: boolean,
): Promise<Response> {
  const encoding = encodingFor(asked.get("accept-encoding"));
  // Weak, since it is the same for every encoding.
  const tag = `W/"${file.hash}"`;
  const headers = {
    ...pageHeaders(exchange, consolePolicy),
    "Cache-Control": isAsset ? forEver : "no-cache",
    ETag: tag,
    Vary: isAsset ? "Accept-Encoding" : "Accept, Accept-Encoding",
  };
  if (asked.get("if-none-match")?.includes(tag)) {
    return new Response(null, { status: 304, headers });
  }
  const bytes = await file.as(encoding);
  return new Response(method === "HEAD" ? null : bytes, {
    headers: {
      ...headers,
      "Content-Type": file.type,
      "Content-Length": String(bytes.length),
      ...(encoding && { "Content-Encoding": encoding }),
    },
  });
}

function failing(exchange: Exchange): Response {
  const text =
    "The console of this server could not be bundled; its log says why. Pulls, the API and the command line work without it.\n";
  return new Response(text, {
    status: 503,
    headers: {
      ...pageHeaders(exchange, consolePolicy),
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
    },
  });
}
