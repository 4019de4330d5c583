import { randomInt } from "node:crypto";

/**
 * A loopback port that nothing listens on now, and that no outgoing connection takes before it is used: it lies below
 * the range from which Linux takes the ports of those (32768 to 60999). No other process of these tests is given it
 * while this one runs, whether or not something listens there.
 */
export function freePort(): number {
  for (;;) {
    const port = randomInt(20000, 32768);
    if (isOurs(port) && isFree(port)) return port;
  }
}

const socket = { data: () => {} };

/** Takes a name for the port, of those that Linux frees with the process that has them, however it ends. */
function isOurs(port: number): boolean {
  try {
    Bun.listen({ unix: `\0weir-test-port-${port}`, socket }).unref();
    return true;
  } catch {
    return false; // somebody has it
  }
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket }).stop(true);
    return true;
  } catch {
    return false; // taken
  }
}
