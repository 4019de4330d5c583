import { z } from "@hono/zod-openapi";
import type { Caller } from "../../access/contract.ts";
import type { Directory, Registry } from "../../metadata/contract.ts";
import { type ImageName, parseImage } from "../../oci/reference.ts";
import { verifiedView } from "../v2/verified.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { badRequest, notFound } from "./errors.ts";
import { idParams } from "./fields.ts";
import { plan, refreshed } from "./pull-fields.ts";
import type { ApiOptions } from "./options.ts";
import { explanationJson, planJson } from "./represent.ts";

const one = "/virtual_registries/container/registries/{id}";
const query = z.strictObject({
  image: z.string().min(1).max(600).openapi({ example: "library/alpine:latest" }),
});

/** What a pull would do, and reading a tag anew. */
export function pullEndpoints(api: Api, options: ApiOptions): void {
  refresh(api, options);
  explain(api, options);
}

function refresh(api: Api, { management, directory, puller }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: `${one}/refresh`,
      summary: "Read a tag anew from its upstream, however fresh the cached copy is",
      action: "purge_registry",
      params: idParams,
      query,
      answer: refreshed,
      status: 200,
      refusals: [429, 502, 503],
    },
    async ({ params, query, granted, caller, author }) => {
      const { id, name, groupId } = granted(await management.registries.get(params.id));
      const { repository, reference } = imageOf(query.image);
      if (reference.kind !== "tag")
        throw badRequest("image must name a tag: a digest stays as it is");
      const registry = await pullable(directory, params.id, caller);
      const subject = { kind: "registry", id, name };
      const details = { image: `${repository}:${reference.tag}` };
      await management.by(author).note({ action: "registry.refresh", subject, groupId, details });
      const pulled = await puller.refresh(registry, repository, reference.tag);
      const { digest, contentType, explanation } = pulled;
      return { body: { digest, content_type: contentType, cache: explanationJson(explanation) } };
    },
  );
}

function explain(api: Api, { management, directory, puller }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${one}/explain`,
      summary: "What a pull would do now, and why",
      action: "read_registry",
      params: idParams,
      query,
      answer: plan,
      status: 200,
    },
    async ({ params, query, granted, caller }) => {
      granted(await management.registries.get(params.id));
      const { repository, reference } = imageOf(query.image);
      const registry = await pullable(directory, params.id, caller);
      return { body: planJson(await puller.explain(registry, repository, reference)) };
    },
  );
}

/** The registry as the caller would pull through it. */
export async function pullable(
  directory: Directory,
  id: number,
  caller: Caller,
): Promise<Registry> {
  const registry = await directory.registry(id);
  if (!registry) throw notFound();
  return verifiedView(registry, {
    mayPullVerified: (lineage) =>
      caller.judge("read_verified_upstream", { kind: "group", lineage }) === "allowed",
  });
}

export function imageOf(image: string): ImageName {
  const name = parseImage(image);
  if (!name) throw badRequest("image is not <repository>[:<tag>][@<digest>]");
  return name;
}
