import { z } from "@hono/zod-openapi";
import type { Identity, Project } from "../../../metadata/contract.ts";
import { removed } from "../changes.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import type { ApiOptions } from "../options.ts";
import { pageHeaders, pageOf, pageOptions, pageQuery, searchWords } from "../pages.ts";
import { project, projectFields } from "./fields.ts";
import { projectJson } from "./represent.ts";

/** In a path: a project's id or its whole path. */
export const projectParams = z.strictObject({
  id: z
    .string()
    .max(511)
    .openapi({ description: "id or path of a project, %2F for a slash", example: "acme%2Fshop" }),
});

export async function findProject(
  identity: Identity,
  { id }: { id: string },
): Promise<(Project & { projectId: number }) | undefined> {
  const by = /^\d{1,15}$/.test(id) ? { id: Number(id) } : { path: id };
  const found = await identity.projects.get(by);
  return found && { ...found, projectId: found.id };
}

export function projectEndpoints(api: Api, options: ApiOptions): void {
  listProjects(api, options);
  getProject(api, options);
  createProject(api, options);
  deleteProject(api, options);
}

function listProjects(api: Api, { identity, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/projects",
      summary: "List the projects that one may get",
      action: "list_visible",
      query: z.strictObject({ ...pageQuery, search: searchWords }),
      answer: z.array(project),
      status: 200,
    },
    async ({ query, caller, path }) => {
      const wanted = pageOptions(query, query.search);
      const isVisible = ({ id: projectId, lineage }: Project) =>
        caller.judge("read_project", { kind: "project", projectId, lineage }) === "allowed";
      const visible = (await identity.projects.list()).filter(isVisible);
      const page = pageOf(visible, wanted, ({ fullPath, name }) => `${fullPath} ${name}`);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      return { body: page.items.map(projectJson), headers };
    },
  );
}

function getProject(api: Api, { identity }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/projects/{id}",
      summary: "Get a project",
      action: "read_project",
      params: projectParams,
      answer: project,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const { projectId: _, ...found } = granted(await findProject(identity, params));
      return { body: projectJson(found), headers: tagged(found) };
    },
  );
}

function createProject(api: Api, { identity, management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: "/projects",
      summary: "Create a project in a group",
      action: "create_project",
      body: projectFields,
      answer: project,
      tagged: true,
      status: 201,
    },
    async ({ body, granted, author }) => {
      const { namespace_id: groupId, path, name = path } = await body();
      granted(await management.group({ id: groupId }), "Namespace");
      const made = await identity.by(author).projects.create(groupId, { path, name });
      return { body: projectJson(made), headers: tagged(made) };
    },
  );
}

function deleteProject(api: Api, { identity }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: "/projects/{id}",
      summary: "Delete a project, its memberships and job tokens",
      action: "delete_project",
      params: projectParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await findProject(identity, params));
      return removed(await identity.by(author).projects.remove(id, condition()));
    },
  );
}
