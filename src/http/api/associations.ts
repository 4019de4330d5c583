import type { PlacedAssociation } from "../../metadata/contract.ts";
import { removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { notFound } from "./errors.ts";
import { idParams } from "./fields.ts";
import { association, associationFields, move } from "./upstream-fields.ts";
import type { ApiOptions } from "./options.ts";
import { associationJson } from "./represent.ts";

const all = "/virtual_registries/container/registry_upstreams";

/** The same for all places of a registry, for its order is what a move changes. */
export const tagOfOrder = ({ order }: Pick<PlacedAssociation, "order">) => tagged({ order });

/** Endpoints 16 to 18, and a look at one. */
export function associationEndpoints(api: Api, options: ApiOptions): void {
  associate(api, options);
  getAssociation(api, options);
  moveAssociation(api, options);
  dissociate(api, options);
}

function associate(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: all,
      summary: "Add an upstream of the group to the end of a registry's list",
      action: "change_upstream",
      body: associationFields,
      answer: association,
      tagged: true,
      status: 201,
    },
    async ({ granted, body, author }) => {
      const { registry_id: registryId, upstream_id: upstreamId } = await body();
      const registry = granted(await management.registries.get(registryId));
      const upstream = await management.upstreams.get(upstreamId);
      if (upstream?.groupId !== registry.groupId) throw notFound("Upstream");
      const created = await management.by(author).associations.create(registryId, upstreamId);
      const made = granted(created);
      return { body: associationJson(made), headers: tagOfOrder(made) };
    },
  );
}

function getAssociation(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${all}/{id}`,
      summary:
        "Get the place of an upstream in a registry's list; its `ETag` is that of the list's order",
      action: "read_registry",
      params: idParams,
      answer: association,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const found = granted(await management.associations.get(params.id));
      return { body: associationJson(found), headers: tagOfOrder(found) };
    },
  );
}

function moveAssociation(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "patch",
      conditional: true,
      path: `${all}/{id}`,
      summary: "Move an upstream within a registry's list; the others close up",
      action: "change_upstream",
      params: idParams,
      body: move,
      answer: association,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, body, condition, author }) => {
      const { id } = granted(await management.associations.get(params.id));
      const { position } = await body();
      const { associations } = management.by(author);
      const moved = granted(await associations.move(id, position, condition()));
      return { body: associationJson(moved), headers: tagOfOrder(moved) };
    },
  );
}

function dissociate(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${all}/{id}`,
      summary: "Take an upstream out of a registry; it stays, with its cache",
      action: "change_upstream",
      params: idParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await management.associations.get(params.id));
      return removed(await management.by(author).associations.remove(id, condition()));
    },
  );
}
