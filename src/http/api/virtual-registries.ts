import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { findGroup, groupParams, topLevel } from "./groups.ts";
import type { ApiOptions } from "./options.ts";
import { virtualRegistrySettings } from "./statistics-fields.ts";

/** Whether a group has registries at all. */
export function virtualRegistryEndpoints(api: Api, { management }: ApiOptions): void {
  const path = "/groups/{id}/-/virtual_registries/settings";
  const common = { path, params: groupParams } as const;
  const answer = { answer: virtualRegistrySettings, tagged: true, status: 200 } as const;
  endpoint(
    api,
    {
      ...common,
      method: "get",
      summary: "Whether a group's registries are switched on",
      action: "read_registry_settings",
      ...answer,
    },
    async ({ params, granted }) => {
      const { id } = topLevel(granted(await findGroup(management, params)));
      const settings = await management.virtualRegistries.settings(id);
      return { body: settings, headers: tagged(settings) };
    },
  );
  endpoint(
    api,
    {
      ...common,
      method: "put",
      conditional: true,
      summary:
        "Switch a group's registries on or off: off, they look as if they were not there, and everything is kept",
      action: "change_registry_settings",
      body: virtualRegistrySettings,
      ...answer,
    },
    async ({ params, granted, body, condition, author }) => {
      const { id } = topLevel(granted(await findGroup(management, params)));
      const { virtualRegistries } = management.by(author);
      const settings = await virtualRegistries.change(id, await body(), condition());
      return { body: settings, headers: tagged(settings) };
    },
  );
}
