import type { Clock } from "../../lib/clock.ts";
import type { BunServer } from "../exchange.ts";
import { pathOf } from "../url.ts";
import { ApiError, badRequest } from "./errors.ts";

/** A sender of whom nothing comes for so long has left, or might as well have. */
const stalledMs = 120_000;

/** Whether the body of a request may be of any size. */
export function isUpload({ method, url }: Request): boolean {
  return method === "POST" && /^\/api\/v4\/.*\/import$/.test(pathOf(url));
}

/**
 * The body as it comes. Throws where it ends before its time, or nothing comes any more. For the server's own timer a body
 * that takes long is idleness, however much of it comes.
 */
export async function* uploaded(
  request: Request,
  { server, clock, idleSeconds }: { server: BunServer; clock: Clock; idleSeconds: number },
): AsyncGenerator<Uint8Array> {
  if (!request.body) throw badRequest("the body is missing: it is to be the archive");
  server.timeout(request, 0);
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  try {
    for (;;) {
      const stalled = Promise.withResolvers<never>();
      const timer = clock.after(stalledMs, () => stalled.reject(timeout()));
      try {
        const { value, done } = await Promise.race([reader.read(), stalled.promise]);
        if (done) return;
        yield value;
      } finally {
        timer.cancel();
      }
    }
  } finally {
    server.timeout(request, idleSeconds);
    await reader.cancel().catch(() => undefined); // of a sender who has gone, there is nothing left to cancel
  }
}

function timeout(): ApiError {
  return new ApiError(408, { message: "408 Request Timeout - no more of the archive has come" });
}
