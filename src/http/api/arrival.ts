import { z } from "@hono/zod-openapi";
import { type Api, endpoint } from "./endpoint.ts";
import { fromOf } from "./people/roads.ts";

export const arrival = z
  .strictObject({
    /** Of the client, as this server understands it; null where a proxy does not tell, or is not believed. */
    address: z.string().nullable(),
    /** Whose connection it came by: the client's, or that of the last proxy. */
    peer: z.string().nullable(),
    trusted_proxy: z.boolean(),
    /** Whether a proxy tells of whom the request is. */
    forwarded: z.boolean(),
    forwarded_proto: z.string().nullable(),
    /** `Connection: close`, as proxies send it that speak HTTP/1.0. */
    closes: z.boolean(),
    host: z.string().nullable(),
  })
  .openapi("Arrival");

/** How a request has come here, which nobody can see from outside: for finding out what a proxy before us does. */
export function arrivalEndpoint(api: Api): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/arrival",
      summary:
        "How this request has come here: by which proxy, and with what it says; for administrators",
      action: "read_arrival",
      answer: arrival,
      status: 200,
    },
    async ({ road }) => {
      const { request, server, isTrustedProxy } = road;
      const { headers } = request;
      const peer = server.requestIP(request)?.address;
      return {
        body: {
          address: fromOf(road).address ?? null,
          peer: peer ?? null,
          trusted_proxy: peer !== undefined && isTrustedProxy(peer),
          forwarded: headers.has("x-forwarded-for") || headers.has("forwarded"),
          forwarded_proto: headers.get("x-forwarded-proto"),
          closes: headers.get("connection")?.toLowerCase() === "close",
          host: headers.get("host"),
        },
      };
    },
  );
}
