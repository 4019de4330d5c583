import { z } from "@hono/zod-openapi";
import { id, time } from "./fields.ts";
import { pageQuery } from "./pages.ts";

export const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .optional()
  .openapi({ type: "string", format: "date-time", example: "2025-11-03T09:15:00Z" });

const subjectForm = /^[a-z_]{1,100}:[0-9]{1,15}$/;
export const auditFilter = z.strictObject({
  ...pageQuery,
  created_after: instant,
  created_before: instant,
  actor: z.string().min(1).max(255).optional(),
  action: z
    .string()
    .regex(/^[a-z_]+(?:\.[a-z_]+)?$/)
    .max(255)
    .optional()
    .openapi({ example: "upstream.update" }),
  subject: z
    .string()
    .regex(subjectForm)
    .transform((text) => {
      const [kind = "", id] = text.split(":");
      return { kind, id: Number(id) };
    })
    .optional()
    .openapi({ type: "string", pattern: subjectForm.source, example: "upstream:7" }),
});

const who = z.strictObject({ kind: z.string(), id: id.nullable(), name: z.string().nullable() });

export const auditEvent = z
  .strictObject({
    id,
    created_at: time,
    actor: who,
    action: z.string(),
    subject: who,
    group_id: id.nullable(),
    address: z.string().nullable(),
    result: z.enum(["success", "failure", "refused"]),
    request_id: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .openapi("AuditEvent");
