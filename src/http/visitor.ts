import type { Visitor } from "../access/contract.ts";
import { clientAddress } from "./client-address.ts";
import type { BunServer, Exchange } from "./exchange.ts";

/** One request and what it came by. */
interface Arrival {
  request: Request;
  server: BunServer;
  exchange: Exchange;
  isTrustedProxy: (address: string) => boolean;
}

/** Who has sent a request, should it turn out to be without a credential. */
export function visitorOf(
  as: Visitor["as"],
  { request, server, exchange, isTrustedProxy }: Arrival,
): Visitor {
  return {
    as,
    certified: exchange.certified,
    requestId: exchange.id,
    address: () =>
      clientAddress(server.requestIP(request)?.address, request.headers, isTrustedProxy),
  };
}
