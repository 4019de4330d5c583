import { z } from "@hono/zod-openapi";
import type { RegistryFields, RegistryRecord, Space } from "../../metadata/contract.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { type Answer } from "./answer.ts";
import { idParams } from "./fields.ts";
import { registry, registryChanges, registryDetail, registryFields } from "./registry-fields.ts";
import { findGroup, groupParams, topLevel } from "./groups.ts";
import { atLeastOne, removed } from "./changes.ts";
import type { ApiOptions } from "./options.ts";
import { purgeQuery, selectionOf } from "./purges.ts";
import { registryDetailJson, registryJson } from "./represent.ts";

const ofGroup = "/groups/{id}/-/virtual_registries/container/registries";
const one = "/virtual_registries/container/registries/{id}";

/** Endpoints 1 to 6. */
export function registryEndpoints(api: Api, options: ApiOptions): void {
  listRegistries(api, options);
  createRegistry(api, options);
  getRegistry(api, options);
  changeRegistry(api, options);
  deleteRegistry(api, options);
  purgeRegistry(api, options);
}

function listRegistries(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: ofGroup,
      summary: "List the registries of a group",
      action: "read_registry",
      params: groupParams,
      answer: z.array(registry),
      status: 200,
    },
    async ({ params, granted }) => {
      const group = topLevel(granted(await findGroup(management, params)));
      return { body: (await management.registries.list(group.id)).map(registryJson) };
    },
  );
}

function createRegistry(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: ofGroup,
      summary: "Create a registry",
      action: "change_registry",
      params: groupParams,
      body: registryFields,
      answer: registry,
      tagged: true,
      status: 201,
    },
    async ({ params, granted, require, body, author }) => {
      const group = granted(await findGroup(management, params));
      const {
        id,
        name,
        description,
        on_unsure: onUnsure = "stop",
        ask = "in_order",
      } = await body();
      // It can be one that clients of another group still pull by.
      if (id !== undefined) require("choose_registry_id", { kind: "server" });
      const fields: RegistryFields = { name, description, onUnsure, ask };
      const created = await management.by(author).registries.create(group.id, fields, id);
      return { body: registryJson(created), headers: tagged(created) };
    },
  );
}

async function detail(space: Space, registry: RegistryRecord): Promise<Answer> {
  const ofUpstreams = registry.associations.map(({ upstreamId: id }) =>
    space.bytesOf({ scope: "upstream", id }),
  );
  const bytes = (await Promise.all(ofUpstreams)).reduce((sum, one) => sum + one, 0);
  // Bytes change with each pull, and are nobody's to change here.
  return { body: registryDetailJson(registry, bytes), headers: tagged(registry) };
}

function getRegistry(api: Api, { management, space }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: one,
      summary: "Get a registry",
      action: "read_registry",
      params: idParams,
      answer: registryDetail,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const found = granted(await management.registries.get(params.id));
      return detail(space, found);
    },
  );
}

function changeRegistry(api: Api, { management, space }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "patch",
      conditional: true,
      path: one,
      summary: "Change a registry",
      action: "change_registry",
      params: idParams,
      body: registryChanges,
      answer: registryDetail,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, body, condition, author }) => {
      const { id } = granted(await management.registries.get(params.id));
      const { on_unsure: onUnsure, ...given } = atLeastOne(registryChanges, await body());
      const changes = { ...given, ...(onUnsure && { onUnsure }) } as Partial<RegistryFields>;
      const { registries } = management.by(author);
      const changed = granted(await registries.change(id, changes, condition()));
      return detail(space, changed);
    },
  );
}

function deleteRegistry(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: one,
      summary: "Delete a registry, and those of its upstreams that no other registry has",
      action: "change_registry",
      params: idParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await management.registries.get(params.id));
      return removed(await management.by(author).registries.remove(id, condition()));
    },
  );
}

function purgeRegistry(api: Api, { management, runner }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${one}/cache`,
      summary: "Empty the cache of those upstreams that no other registry has",
      action: "purge_registry",
      params: idParams,
      query: purgeQuery,
      status: 204,
    },
    async ({ params, query, granted, condition, author }) => {
      const { id } = granted(await management.registries.get(params.id));
      const { registries } = management.by(author);
      const removal = await registries.purge(id, condition(), selectionOf(query));
      await runner.wake("purges");
      return removed(removal);
    },
  );
}
