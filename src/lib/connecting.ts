import net from "node:net";
import { type Clock, yieldTurn } from "./clock.ts";

/** A connection that is made only to see whether it comes about. */
export interface Knock {
  readonly isOpened: boolean;
  close(): void;
}

/** Begins to connect to an address that the caller may dial. Nothing is sent. */
export function knock(host: string, port: number): Knock {
  const socket = net.connect({ host, port });
  const made = { isOpened: false, close: () => void socket.destroy() };
  socket.once("connect", () => {
    made.isOpened = true;
    socket.destroy();
  });
  socket.on("error", () => {}); // it did not come about, which is what is asked
  return made;
}

/** Turns of the event loop that a knock gets at least. */
const leastTurns = 16;

/**
 * Bounds connecting apart from the wait for an answer, which may be long. `fetch` does not tell when it has connected
 * (Bun 1.4.5), so when half of `ms` milliseconds have passed without an answer a connection beside it shows whether
 * the address takes any; `late` is called when that has not come about after the other half. What a TLS handshake
 * takes is not seen by it. Returns what stops it.
 */
export function watchConnecting(
  clock: Clock,
  ms: number,
  knock: () => Knock,
  late: () => void,
): () => void {
  let isOver = false;
  let knocked: Knock | undefined;
  let timer = clock.after(ms / 2, () => {
    const made = knock();
    knocked = made;
    timer = clock.after(ms / 2, () => void judge(made));
  });
  async function judge(made: Knock): Promise<void> {
    // After the machine slept both timers fire at once, and the knock has only just been made.
    for (let turn = 0; turn < leastTurns && !made.isOpened; turn++) await yieldTurn();
    if (!isOver && !made.isOpened) late();
  }
  return () => {
    isOver = true;
    timer.cancel();
    knocked?.close();
  };
}
