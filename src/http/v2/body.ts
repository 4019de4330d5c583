import type { Clock } from "../../lib/clock.ts";
import type { ByteSource } from "../../pull/contract.ts";
import type { BunServer } from "../exchange.ts";

/** A reader that takes nothing for so long, though bytes are ready, is given up. */
const stalledMs = 120_000;

interface Options {
  clock: Clock;
  server: BunServer;
  request: Request;
}

/**
 * A body that follows a source at the reader's pace. A source that throws cuts the transfer, so that nobody takes a
 * part for the whole. The idle timer of the server, which would also count our waiting for the upstream, is replaced by
 * one that counts the reader's silence only.
 */
export function followBody(
  source: ByteSource,
  { clock, server, request }: Options,
): ReadableStream<Uint8Array> {
  server.timeout(request, 0);
  let touched = clock.elapsed();
  let over = false;
  let timer = clock.after(stalledMs, watch);
  let controller: ReadableStreamDefaultController<Uint8Array>;

  function watch(): void {
    if (over) return;
    const silent = source.waiting ? 0 : clock.elapsed() - touched;
    if (silent >= stalledMs) {
      finish();
      controller.error(new Error("the reader stalled"));
      // The error alone cuts only once the reader reads again; this frees the socket.
      server.timeout(request, 1);
      void source.cancel();
      return;
    }
    timer = clock.after(Math.max(1, stalledMs - silent), watch);
  }

  function finish(): void {
    over = true;
    timer.cancel();
  }

  return new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    async pull() {
      touched = clock.elapsed();
      try {
        const bytes = await source.next();
        touched = clock.elapsed();
        if (over) return;
        if (bytes) return controller.enqueue(bytes);
        finish();
        controller.close();
      } catch (error) {
        if (over) return;
        finish();
        controller.error(error);
      }
    },
    async cancel() {
      finish();
      await source.cancel();
    },
  });
}
