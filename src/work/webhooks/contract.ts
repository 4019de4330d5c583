/** Asks a server that is no registry. Follows no redirect, and dials nothing that upstreams may not have. */
export interface Poster {
  /** Throws, with a `reason`, where there is no answer. */
  ask(
    peer: { id: number; name: string; ca: string | undefined },
    request: { method: "POST"; url: URL; headers: Record<string, string>; body: string },
  ): Promise<{ status: number; headers: Headers }>;
}
