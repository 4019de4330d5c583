import { api, ask, askPage, askTagged, ifMatch, tagOfSeen } from "../../api/client.ts";
import { mostAtOnce, usePages } from "../../api/pages.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";

export type User = components["schemas"]["User"];

/** All users whose names have the words, as far as one looks. */
export function useUsers(search: string) {
  return usePages(["users", "list", search], (page, signal) =>
    askPage(
      api.GET("/api/v4/users", {
        params: { query: { page, per_page: mostAtOnce, ...(search && { search }) } },
        signal,
      }),
    ),
  );
}

export const readUser = (id: number, signal: AbortSignal) =>
  askTagged(api.GET("/api/v4/users/{id}", { params: { path: { id } }, signal }));

/** After a change, everything about users is asked for anew. */
export const usersChanged = () => queries.invalidateQueries({ queryKey: ["users"] });

export const verbs = ["block", "unblock", "deactivate", "activate"] as const;
export type Verb = (typeof verbs)[number];

export async function setState({ id, state, is_admin }: User, verb: Verb): Promise<void> {
  const params = { path: { id } };
  const headers = ifMatch(
    await tagOfSeen({ state, is_admin }, api.GET("/api/v4/users/{id}", { params })),
  );
  switch (verb) {
    case "block":
      await ask(api.POST("/api/v4/users/{id}/block", { params, headers }));
      break;
    case "unblock":
      await ask(api.POST("/api/v4/users/{id}/unblock", { params, headers }));
      break;
    case "deactivate":
      await ask(api.POST("/api/v4/users/{id}/deactivate", { params, headers }));
      break;
    case "activate":
      await ask(api.POST("/api/v4/users/{id}/activate", { params, headers }));
      break;
  }
  await usersChanged();
}
