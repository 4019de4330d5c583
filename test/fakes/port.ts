import { randomInt } from "node:crypto";

const given = new Set<number>();

/**
 * A loopback port that nothing listens on now, and that neither an outgoing connection nor a server that takes any port
 * gets before it is used: it lies below the range from which Linux takes theirs (32768 to 60999).
 */
export function freePort(): number {
  for (;;) {
    const port = randomInt(20000, 32768);
    if (given.has(port)) continue;
    given.add(port);
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => {} } }).stop(true);
      return port;
    } catch {
      // Taken: the next one.
    }
  }
}
