import { SignInError } from "../../../access/people/contract.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { invalidRecord, notFound } from "../errors.ts";
import { idParams } from "../fields.ts";
import type { ApiOptions } from "../options.ts";
import { requireEndless } from "../identity/expiry.ts";
import { ownPassword, passwordOfUser } from "./fields.ts";
import { fromOf } from "./roads.ts";

/** Passwords of users. Nobody can read one. */
export function passwordEndpoints(api: Api, { people }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "put",
      path: "/users/{id}/password",
      summary: "Give a user a password, and end all his sessions; for administrators",
      action: "change_users_passwords",
      params: idParams,
      body: passwordOfUser,
      status: 204,
      refusals: [429],
    },
    async ({ params, body, author, caller }) => {
      requireEndless(caller);
      const { password } = await body();
      // Whoever has got hold of his credential would otherwise shut him out.
      const isOwn = params.id === caller.userId && (await people.passwords.has(params.id));
      if (isOwn)
        throw invalidRecord({ id: ["is your own: PUT /user/password asks for the old one"] });
      if (!(await people.passwords.set(params.id, password, author))) throw notFound("User");
      return {};
    },
  );
  endpoint(
    api,
    {
      method: "put",
      path: "/user/password",
      summary: "Change one's own password, and end all other sessions",
      action: "change_own_password",
      body: ownPassword,
      status: 204,
      refusals: [429],
    },
    async ({ caller, author, body, login, road, granted }) => {
      granted({ userId: caller.userId });
      const { current_password: old, password } = await body();
      const from = { ...fromOf(road), keep: login?.session.id, author };
      try {
        await people.passwords.change(caller.userId, { old, password }, from);
      } catch (error) {
        if (!(error instanceof SignInError) || error.problem !== "wrong") throw error;
        throw invalidRecord({ current_password: ["is wrong"] });
      }
      return {};
    },
  );
}
