import { timeText } from "../../../lib/time-text.ts";
import type { Role, Session } from "../../../metadata/contract.ts";
import type { Caller } from "../../../access/contract.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { badRequest, notFound } from "../errors.ts";
import { idParams } from "../fields.ts";
import type { ApiOptions } from "../options.ts";
import type { Login } from "./caller.ts";
import { noLoginCookie } from "./cookies.ts";
import { me, sessions } from "./fields.ts";

export function sessionJson({ id, by, createdAt, lastSeenAt, expiresAt }: Session) {
  return {
    id,
    method: by.method,
    provider: by.method === "provider" ? by.provider : null,
    created_at: timeText(createdAt),
    last_seen_at: timeText(lastSeenAt),
    expires_at: timeText(expiresAt),
  };
}

/** Who somebody is, and what he may. */
export async function meJson(
  { people, management, externalUrl }: Pick<ApiOptions, "people" | "management" | "externalUrl">,
  caller: Caller,
  login: Login | undefined,
) {
  const rights = await people.rightsOf(caller.userId);
  const groups: { id: number; full_path: string; role: Role }[] = [];
  for (const [id, role] of rights?.memberships ?? []) {
    const group = await management.group({ id });
    if (group) groups.push({ id, full_path: group.path, role });
  }
  const { idleSeconds } = people.sessions;
  return {
    user: {
      id: caller.userId,
      username: caller.actor.name,
      admin: rights?.user.admin ?? false,
    },
    scope: caller.shutTo("end_own_sessions") ? ("read_api" as const) : ("api" as const),
    groups,
    session: login ? { ...sessionJson(login.session), idle_seconds: idleSeconds } : null,
    csrf_token: login?.csrfToken ?? null,
    external_url: externalUrl,
  };
}

/** What those who are signed in see and do of their sessions. */
export function sessionEndpoints(api: Api, options: ApiOptions): void {
  currentSession(api, options);
  ownSessions(api, options);
}

function currentSession(api: Api, options: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/session",
      summary: "Who one is, and what one may",
      action: "read_own",
      answer: me,
      status: 200,
    },
    async ({ caller, login, granted }) => {
      granted({ userId: caller.userId });
      return { body: await meJson(options, caller, login) };
    },
  );
  endpoint(
    api,
    {
      method: "delete",
      path: "/session",
      summary: "Sign out: the session ends, and its cookie opens nothing any more",
      action: "end_own_sessions",
      status: 204,
    },
    async ({ caller, author, login, granted }) => {
      granted({ userId: caller.userId });
      if (!login) throw badRequest("there is no session: an access token was given");
      await options.people.sessions.end(caller.userId, login.session.id, author);
      return { headers: { "Set-Cookie": noLoginCookie } };
    },
  );
}

function ownSessions(api: Api, { people }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/user/sessions",
      summary: "One's own sessions",
      action: "read_own",
      answer: sessions,
      status: 200,
    },
    async ({ caller, login, granted }) => {
      granted({ userId: caller.userId });
      const all = await people.sessions.ofUser(caller.userId);
      const current = login?.session.id;
      return { body: all.map((one) => ({ ...sessionJson(one), current: one.id === current })) };
    },
  );
  endpoint(
    api,
    {
      method: "delete",
      path: "/user/sessions/{id}",
      summary: "End one of one's own sessions",
      action: "end_own_sessions",
      params: idParams,
      status: 204,
    },
    async ({ caller, author, params, granted }) => {
      granted({ userId: caller.userId });
      if (!(await people.sessions.end(caller.userId, params.id, author))) throw notFound();
      return {};
    },
  );
}
