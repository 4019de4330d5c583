import { maybeTime, timeText } from "../../lib/time-text.ts";
import { z } from "@hono/zod-openapi";
import type { WorkReport } from "../../work/contract.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { time } from "./fields.ts";
import type { ApiOptions } from "./options.ts";

const count = z.int().min(0);

export const report = z
  .strictObject({
    name: z.string().openapi({ example: "purges" }),
    status: z.enum(["scheduled", "waiting", "running", "failed"]),
    progress: z.strictObject({ done: count, total: count.nullable() }),
    last_run_at: time.nullable(),
    next_run_at: time,
    message: z.string().nullable(),
  })
  .openapi("Work");

function reportJson({ name, status, done, total, ...report }: WorkReport) {
  return {
    name,
    status,
    progress: { done, total: total ?? null },
    last_run_at: maybeTime(report.lastRunAt),
    next_run_at: timeText(report.nextRunAt),
    message: report.message ?? null,
  };
}

export function workEndpoints(api: Api, { runner }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/work",
      summary: "List the server's background work, and how far it has come",
      action: "read_work",
      answer: z.array(report),
      status: 200,
    },
    async () => ({ body: (await runner.list()).map(reportJson) }),
  );
}
