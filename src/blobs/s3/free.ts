/**
 * Gives the memory of bytes back, which are none after that. Left to the collector, which does not hurry on a machine with
 * much memory, what 32 readers have read came to 200 MB.
 */
export function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
