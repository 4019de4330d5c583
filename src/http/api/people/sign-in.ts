import type { Context } from "hono";
import { z } from "@hono/zod-openapi";
import type { NewLogin } from "../../../access/people/contract.ts";
import { authorOf } from "../caller.ts";
import { type Api, type ApiEnv, openEndpoint } from "../endpoint.ts";
import { type Answer, reply } from "../answer.ts";
import { badRequest, unauthorized } from "../errors.ts";
import type { ApiOptions } from "../options.ts";
import { roadOf } from "./caller.ts";
import {
  keptCookie,
  loginCookie,
  noKeptCookie,
  readCookie,
  sessionCookie,
  signInCookie,
} from "./cookies.ts";
import { me, methods, signIn } from "./fields.ts";
import { fromOf, ownPath, refuseOtherOrigins, requireJson, requireSecureRoad } from "./roads.ts";
import { meJson } from "./session.ts";

/** As long as the server waits for somebody to come back. */
const keptSeconds = 600;

/** Endpoints for those who are nobody yet. */
export function signInEndpoints(api: Api, options: ApiOptions): void {
  signInMethods(api, options);
  signInHere(api, options);
  signInElsewhere(api, options);
  comeBack(api, options);
}

function signInMethods(api: Api, { people }: ApiOptions): void {
  openEndpoint(
    api,
    {
      method: "get",
      path: "/session/methods",
      summary: "How one can sign in",
      answer: methods,
      status: 200,
    },
    async () => ({
      body: {
        password: people.passwords.isEnabled,
        token: true,
        providers: people.providers.providers.map(({ name, title }) => ({
          name,
          title,
          path: `/api/v4/session/oidc/${name}`,
        })),
      },
    }),
  );
}

function signInHere(api: Api, options: ApiOptions): void {
  openEndpoint(
    api,
    {
      method: "post",
      path: "/session",
      summary: "Sign in by password or access token: a session begins, kept in a cookie",
      body: signIn,
      onlyJson: true,
      answer: me,
      status: 201,
      refusals: [401, 403, 404, 429, 503],
    },
    async (c, { body }) => {
      const { passwords, sessions } = options.people;
      const road = roadOf(c, options);
      requireSecureRoad(road);
      refuseOtherOrigins(road, false);
      requireJson(road.request);
      const { username, password, token } = await body();
      const from = fromOf(road);
      if (token !== undefined) {
        return signedIn(c, options, await sessions.beginByToken(token, from));
      }
      if (username === undefined || password === undefined) throw new Error("checked before");
      const userId = await passwords.check({ username, password }, from);
      return signedIn(c, options, await sessions.begin(userId, "password"));
    },
  );
}

/** The answer to a sign-in. The session that the browser had ends: it is not to be anybody's later. */
async function signedIn(
  c: Context<ApiEnv>,
  options: ApiOptions,
  { secret, session }: NewLogin,
): Promise<Answer> {
  const { sessions } = options.people;
  const former = readCookie(c.req.header("cookie"), sessionCookie);
  const ending = former === undefined ? undefined : await sessions.find(former);
  if (ending) {
    const { id, userId } = ending.session;
    await sessions.end(userId, id, authorOf(ending.caller, fromOf(roadOf(c, options))));
  }
  const found = await sessions.find(secret);
  if (!found) throw unauthorized();
  c.var.exchange.actor = found.caller.actor.name;
  const csrfToken = sessions.csrfToken(secret);
  const seconds = Math.floor((session.expiresAt - session.createdAt) / 1000);
  return {
    body: await meJson(options, found.caller, { session, csrfToken }),
    headers: { "Set-Cookie": loginCookie(secret, seconds) },
  };
}

const providerParams = z.strictObject({ provider: z.string().max(64) });

function signInElsewhere(api: Api, options: ApiOptions): void {
  const { people, externalUrl } = options;
  openEndpoint(
    api,
    {
      method: "get",
      path: "/session/oidc/{provider}",
      summary: "Go to an identity provider, to sign in there",
      params: providerParams,
      query: z.strictObject({ return_to: z.string().optional() }),
      status: 303,
      refusals: [401, 403, 429, 503],
    },
    async (c, { params, query }) => {
      requireSecureRoad(roadOf(c, options));
      const returnTo = ownPath(query.return_to ?? "/", externalUrl);
      if (returnTo === undefined) throw badRequest("return_to must be a path of this server");
      const { url, kept } = await people.providers.begin(params.provider, returnTo);
      return { headers: { Location: url, "Set-Cookie": keptCookie(kept, keptSeconds) } };
    },
  );
}

function comeBack(api: Api, options: ApiOptions): void {
  const { people } = options;
  openEndpoint(
    api,
    {
      method: "get",
      path: "/session/oidc/{provider}/callback",
      summary: "Come back from an identity provider: a session begins, kept in a cookie",
      params: providerParams,
      // What is not ours to say is not refused: providers add their own.
      query: z.looseObject({}),
      status: 303,
      refusals: [401, 403, 429, 503],
    },
    async (c, { params }) => {
      requireSecureRoad(roadOf(c, options));
      const kept = readCookie(c.req.header("cookie"), signInCookie);
      const answer = new URL(c.req.url).searchParams;
      const { provider } = params;
      const attempt = { ...fromOf(roadOf(c, options)), account: undefined };
      const finish = () => people.providers.finish(provider, answer, kept);
      const { userId, returnTo } = await finish().catch((error: unknown) => {
        // Nobody guesses here, so it is on record and not counted.
        const known = { action: "login", actor: undefined, details: { provider } };
        options.incidents.note({ ...known, ...attempt, result: "failure" });
        throw error;
      });
      const login = await people.sessions.begin(userId, { provider });
      const { headers } = await signedIn(c, options, login);
      const actor = { kind: "user", name: c.var.exchange.actor ?? "" } as const;
      options.logins.succeeded(attempt, {
        actor,
        credential: `provider:${provider}`,
        isOfUse: true,
      });
      const response = reply(c.var.exchange, 303, { headers: { ...headers, Location: returnTo } });
      response.headers.append("Set-Cookie", noKeptCookie);
      return response;
    },
  );
}
