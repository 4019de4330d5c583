/** Asks servers that are no registries. Dials nothing before the first call. */
export interface WebClient {
  /**
   * The answer, whatever its status: no redirect is followed, and the body has been read. Goes to addresses that upstreams
   * may have too. Throws `UpstreamError` where there is none, where it is late, or where it is too large.
   */
  ask(peer: WebPeer, request: WebRequest): Promise<WebAnswer>;
  /** Closes idle connections. */
  close(): void;
}

/** Whom a request is for: connections are kept apart by the id. */
export interface WebPeer {
  id: number;
  name: string;
  /** PEM of the authorities to trust, instead of the well-known ones. */
  ca: string | undefined;
}

export interface WebRequest {
  method: "GET" | "POST";
  url: URL;
  headers: Record<string, string>;
  body: string | undefined;
}

export interface WebAnswer {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

export const maxWebAnswer = 256 << 10;
