import { z } from "@hono/zod-openapi";
import { type Finding, isCursor } from "../../work/contract.ts";
import { type Api, endpoint } from "./endpoint.ts";
import type { ApiOptions } from "./options.ts";

const fields = z
  .strictObject({
    /** `next` of the step before. */
    after: z
      .string()
      .max(200)
      .refine(isCursor, { message: "is none that a step has given", params: { ofRequest: true } })
      .optional()
      .openapi({ example: "entries 2000" }),
    repair: z.boolean().optional(),
  })
  .openapi("VerifyFields");

const count = z.int().min(0);
const finding = z
  .strictObject({
    kind: z.enum(["manifest", "blob"]),
    digest: z.string(),
    problem: z.enum(["missing", "wrong", "unreadable"]),
    outcome: z.enum(["repaired", "lost", "unneeded", "kept"]),
    upstream: z.string().nullable(),
    repository: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .openapi("Finding");
export const verified = z
  .strictObject({
    next: z.string().nullable(),
    checked: z.strictObject({ manifests: count, blobs: count, bytes: count, entries: count }),
    findings: z.array(finding),
  })
  .openapi("Verified");

/** What is stored, looked through in steps: whoever wants it all asks until `next` is null. */
export function verifyEndpoint(api: Api, options: ApiOptions): void {
  const { management, verifier, idleSeconds } = options;
  endpoint(
    api,
    {
      method: "post",
      path: "/verify",
      summary: "Verify the next part of what is stored",
      action: "verify_store",
      body: fields,
      answer: verified,
      status: 200,
    },
    async ({ body, author, raw }) => {
      const { after, repair = false } = await body();
      const subject = { kind: "server", id: undefined, name: undefined };
      const fact = { action: "store.verify", subject, groupId: undefined };
      const note = (details: Readonly<Record<string, unknown>>) =>
        management.by(author).note({ ...fact, details });
      // On record once where all is well, and with each step that takes something out, wherever it was begun.
      if (after === undefined) await note({ repair });
      // One large blob takes seconds.
      const { request, server } = raw();
      server.timeout(request, 0);
      try {
        const { next, checked, findings } = await verifier.step(after, { repair });
        if (findings.length > 0) {
          const of = (wanted: Finding["outcome"]) =>
            findings.filter(({ outcome }) => outcome === wanted).length;
          const kept = of("kept");
          const damaged = findings.length - kept;
          await note({ repair, damaged, repaired: of("repaired"), kept });
        }
        return { body: { next: next ?? null, checked, findings: findings.map(findingJson) } };
      } finally {
        server.timeout(request, idleSeconds);
      }
    },
  );
}

function findingJson({ upstream, repository, reason, ...finding }: Finding) {
  return {
    ...finding,
    upstream: upstream ?? null,
    repository: repository ?? null,
    reason: reason ?? null,
  };
}
