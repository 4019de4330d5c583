/** At so many turns of the event loop it has been asked in a moment, and what it waits for takes longer. */
const turns = 100;

/**
 * Resolves when the condition holds, asked anew at each turn of the event loop, and after a while each millisecond; the test's
 * time-out bounds it.
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await condition()); turn++) {
    if (turn < turns) await new Promise((resolve) => setImmediate(resolve));
    else await Bun.sleep(1);
  }
}
