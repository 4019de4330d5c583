import { z } from "@hono/zod-openapi";
import { isRepositoryName, isTag } from "../../oci/reference.ts";
import type { ByteSource } from "../../pull/contract.ts";
import type { Imported } from "../../pull/images/contract.ts";
import { failureCode } from "../../lib/log.ts";
import { followBody } from "../v2/body.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { commonHeaders } from "./answer.ts";
import { notFound } from "./errors.ts";
import { idParams } from "./fields.ts";
import type { ApiOptions } from "./options.ts";
import { Places } from "./places.ts";
import { imageOf, pullable } from "./pulls.ts";
import { uploaded } from "./uploads.ts";

const tarType = "application/x-tar";
/** Each holds up to 64 MiB of small files. */
const importPlaces = { all: 4, ofGroup: 2, retrySeconds: 30 };
/** Each holds up to 32 MiB of manifests. */
const exportPlaces = { all: 8, ofGroup: 4, retrySeconds: 30 };

export const imported = z
  .strictObject({
    images: z.array(
      z.strictObject({
        repository: z.string(),
        tag: z.string().nullable(),
        digest: z.string(),
      }),
    ),
    blobs: z.int().min(0),
    bytes: z.int().min(0),
    absent: z.int().min(0),
  })
  .openapi("Imported");

const exportFields = z
  .strictObject({
    images: z
      .array(z.string().min(1).max(600))
      .min(1)
      .max(100)
      .openapi({ example: ["library/alpine:3.20", "library/busybox:latest"] }),
    format: z.enum(["oci", "docker"]).optional(),
    platform: z
      .string()
      .max(255)
      .regex(/^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9.]+)?$/)
      .optional()
      .openapi({ example: "linux/amd64" }),
  })
  .openapi("ExportFields");

/** Images in archives. */
export function imageEndpoints(api: Api, options: ApiOptions): void {
  importImages(api, options);
  exportImages(api, options);
}

function importImages(api: Api, options: ApiOptions): void {
  const { management, directory, images, clock, idleSeconds } = options;
  const places = new Places(importPlaces);
  endpoint(
    api,
    {
      method: "post",
      path: "/virtual_registries/container/upstreams/{id}/import",
      summary: "Import images from an OCI layout or docker save archive into an upstream's cache",
      action: "import_images",
      params: idParams,
      query: z.strictObject({
        repository: z
          .string()
          .max(255)
          .refine(isRepositoryName, "is not the name of a repository")
          .optional()
          .openapi({ example: "library/alpine" }),
        tag: z.string().max(128).refine(isTag, "is not a tag").optional(),
      }),
      upload: tarType,
      answer: imported,
      status: 201,
      refusals: [408, 409, 422, 429, 507],
    },
    async ({ params, query: { repository, tag }, granted, author, raw }) => {
      const { id, name, groupId } = granted(await management.upstreams.get(params.id));
      const upstream = (await directory.upstreams()).find((one) => one.id === id);
      if (!upstream) throw notFound();
      const { request, server } = raw();
      const leave = places.take(groupId);
      try {
        const archive = uploaded(request, { server, clock, idleSeconds });
        const result = await images.import(upstream, archive, {
          repository,
          tag,
          vouched: (imported) =>
            management.by(author).note({
              action: "upstream.import",
              subject: { kind: "upstream", id, name },
              groupId,
              details: detailsOf(imported),
            }),
        });
        return { body: importedJson(result) };
      } finally {
        leave();
      }
    },
  );
}

function exportImages(api: Api, options: ApiOptions): void {
  const { management, directory, images, externalUrl, clock, idleSeconds, log, sent } = options;
  const places = new Places(exportPlaces);
  endpoint(
    api,
    {
      method: "post",
      path: "/virtual_registries/container/registries/{id}/export",
      summary: "Export images of a registry as an archive, as they would be pulled",
      action: "export_images",
      params: idParams,
      body: exportFields,
      download: tarType,
      status: 200,
      refusals: [429, 502, 503],
    },
    async ({ params, body, granted, caller, author, raw }) => {
      const { id, name, groupId } = granted(await management.registries.get(params.id));
      const wanted = await body();
      const parsed = wanted.images.map(imageOf);
      const registry = await pullable(directory, id, caller);
      const subject = { kind: "registry", id, name };
      const details = { images: wanted.images };
      await management.by(author).note({ action: "registry.export", subject, groupId, details });
      const { request, server, exchange } = raw();
      const leave = places.take(groupId);
      // What is not cached yet has to be waited for.
      server.timeout(request, 0);
      const options = {
        format: wanted.format ?? "oci",
        platform: wanted.platform,
        prefix: `${new URL(externalUrl).host}/virtual_registries/container/${id}`,
      };
      const source = await images.export(registry, parsed, options).then(
        (found) => whenOver(found, leave),
        (error: unknown) => {
          leave();
          throw error;
        },
      );
      const cut = (error: unknown) =>
        log.warn("export was cut", { id: exchange.id, code: failureCode(error) });
      const follow = { clock, server, request, idleSeconds, cut, sent };
      const headers = {
        ...commonHeaders(exchange),
        "Content-Type": tarType,
        "Content-Disposition": 'attachment; filename="images.tar"',
      };
      return new Response(followBody(source, follow), { headers });
    },
  );
}

/** The same, with somebody who is told of its end, whichever that is. */
function whenOver(source: ByteSource, over: () => void): ByteSource {
  return {
    get waiting() {
      return source.waiting;
    },
    async next() {
      try {
        const bytes = await source.next();
        if (!bytes) over();
        return bytes;
      } catch (error) {
        over();
        throw error;
      }
    },
    async cancel() {
      over();
      await source.cancel();
    },
  };
}

function importedJson({ images, blobs, bytes, absent }: Imported) {
  return {
    images: images.map((image) => ({ ...image, tag: image.tag ?? null })),
    blobs,
    bytes,
    absent,
  };
}

/** The record says what somebody has vouched for; of very many images, the first. */
function detailsOf({ images, blobs, bytes }: Imported) {
  const named = images.map(
    ({ repository, tag, digest }) => `${repository}${tag === undefined ? "" : `:${tag}`}@${digest}`,
  );
  return { images: named.slice(0, 20), count: images.length, blobs, bytes };
}
