import { hashSecret, newSecret } from "../../../lib/secret.ts";
import { removed } from "../changes.ts";
import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { invalidRecord, notFound } from "../errors.ts";
import { idParams } from "../fields.ts";
import type { ApiOptions } from "../options.ts";
import { invalidEnd } from "./expiry.ts";
import { isBot, jobTokenFields, newJobToken } from "./fields.ts";
import { jobTokenJson } from "./represent.ts";

const all = "/admin/job_tokens";
const prefix = "weir_job_";
const defaultSeconds = 3600;

/** Job tokens act as a user for as long as a job runs: whoever runs jobs creates and ends them. */
export function jobTokenEndpoints(api: Api, options: ApiOptions): void {
  create(api, options);
  end(api, options);
}

function create(api: Api, { identity, clock }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: all,
      summary: "Create a token for a job of a project, which acts as the user who started it",
      action: "create_job_tokens",
      body: jobTokenFields,
      answer: newJobToken,
      tagged: true,
      status: 201,
      refusals: [404],
    },
    async ({ caller, body, author }) => {
      const given = await body();
      const { user_id: userId, project_id: projectId, ttl_seconds: ttl = defaultSeconds } = given;
      const user = await identity.users.get({ id: userId });
      if (!user) throw notFound("User");
      if (user.kind === "bot") throw invalidRecord({ user: [isBot] });
      if (user.state !== "active") throw invalidRecord({ user: [`is ${user.state}`] });
      if (!(await identity.projects.get({ id: projectId }))) throw notFound("Project");
      const now = clock.now();
      const expiresAt = now + ttl * 1000;
      if (expiresAt > (caller.expiresAt ?? Infinity)) {
        throw invalidEnd("must not be after that of the token that is used to make it");
      }
      const token = newSecret(prefix);
      const fields = { name: "job", scopes: [], expiresAt, createdBy: caller.userId };
      const made = await identity.by(author).tokens.createJob(userId, projectId, {
        ...fields,
        hash: hashSecret(token),
      });
      return { body: { ...jobTokenJson(made, now), token }, headers: tagged(made) };
    },
  );
}

function end(api: Api, { identity }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${all}/{id}`,
      summary: "End a job token, since the job has ended",
      action: "end_job_tokens",
      params: idParams,
      status: 204,
    },
    async ({ params, condition, author }) => {
      const found = await identity.tokens.get({ kind: "job" }, params.id);
      if (!found) throw notFound();
      return removed(await identity.by(author).tokens.revoke(found.id, condition()));
    },
  );
}
