import { SignInError } from "../../../access/people/contract.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { invalidRecord, notFound } from "../errors.ts";
import { idParams } from "../fields.ts";
import type { ApiOptions } from "../options.ts";
import { requireEndless } from "../identity/expiry.ts";
import { ownPassword, passwordOfUser, passwordState } from "./fields.ts";
import { fromOf } from "./roads.ts";

/** Passwords of users. Nobody can read one. */
export function passwordEndpoints(api: Api, { people, identity }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/users/{id}/password",
      summary: "Whether a user has a password, and since when",
      action: "read_users",
      params: idParams,
      answer: passwordState,
      tagged: true,
      status: 200,
    },
    async ({ params: { id: userId } }) => {
      if (!(await identity.users.get({ id: userId }))) throw notFound("User");
      const changedAt = await people.passwords.changedAt(userId);
      const at = changedAt === undefined ? null : new Date(changedAt).toISOString();
      return { body: { changed_at: at }, headers: tagged({ userId, changedAt }) };
    },
  );
  endpoint(
    api,
    {
      method: "put",
      conditional: true,
      path: "/users/{id}/password",
      summary: "Give a user a password, and end all his sessions; for administrators",
      action: "change_users_passwords",
      params: idParams,
      body: passwordOfUser,
      status: 204,
      refusals: [429],
    },
    async ({ params, body, condition, author, caller }) => {
      requireEndless(caller);
      const { password } = await body();
      // Whoever has got hold of his credential would otherwise shut him out.
      const isOwn = params.id === caller.userId;
      if (isOwn && (await people.passwords.changedAt(params.id)) !== undefined)
        throw invalidRecord({ id: ["is your own: PUT /user/password asks for the old one"] });
      const set = people.passwords.set(params.id, password, author, condition());
      if (!(await set)) throw notFound("User");
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
