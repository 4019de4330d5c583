import { z } from "@hono/zod-openapi";
import { type Api, endpoint } from "./endpoint.ts";
import type { ApiOptions } from "./options.ts";

const version = z
  .strictObject({ version: z.string().openapi({ example: "1.2.0" }) })
  .openapi("Version");

export function versionEndpoint(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/version",
      summary: "Which version of Weir this server is",
      action: "read_version",
      answer: version,
      status: 200,
    },
    async () => ({ body: { version: options.version } }),
  );
}
