import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Action, actions, type Caller, type Subject } from "../../access/contract.ts";
import type { Author, Condition } from "../../metadata/contract.ts";
import type { BunServer, Env, Exchange } from "../exchange.ts";
import { type Answer, reply } from "./answer.ts";
import { readCondition, requireNoTag } from "./conditions.ts";
import { type Described, document } from "./document.ts";
import { notFound } from "./errors.ts";
import { check, readBody, readQuery } from "./input.ts";
import { type Owned, requireDoor, requireRight, subjectOf } from "./judging.ts";
import type { Login } from "./people/caller.ts";
import type { Road } from "./people/roads.ts";

export interface ApiEnv extends Env {
  Variables: Env["Variables"] & {
    caller: Caller;
    login: Login | undefined;
    road: Road;
    /** The caller, as changes are put on record. */
    author: Author;
    /** The caller as he is now, for answers that go on for long; undefined where his credential counts no longer. */
    again: () => Promise<Caller | undefined>;
    /** Groups whose registries are switched off. */
    switchedOff: ReadonlySet<number>;
    /** What is asked for, as it is described. */
    route?: string;
    /** Of the group that it is about, once that is known. */
    groupId?: number | undefined;
  };
}
export type Api = OpenAPIHono<ApiEnv>;

const nothing = z.strictObject({});
type Shape = z.ZodObject;

interface Description<P extends Shape, Q extends Shape, B extends Shape> extends Described {
  /** What is done with what is there: who may is in the table of permissions alone. */
  action: Action;
  params?: P;
  query?: Q;
  body?: B;
}

/** An endpoint for those who are nobody yet. */
type OpenDescription<P extends Shape, Q extends Shape, B extends Shape> = Omit<
  Description<P, Q, B>,
  "action"
>;

/** A request whose caller is known, and whose path and query are well-formed. */
export interface Asked<P, Q, B> {
  params: P;
  query: Q;
  /** Path and query as they were sent. */
  path: string;
  caller: Caller;
  /** Undefined where an access token was given. */
  login: Login | undefined;
  /** How the request has come. */
  road: Road;
  /** As whose work changes are put on record. */
  author: Author;
  /** Reads the body, which nobody does before the caller is known to be allowed to. */
  readonly body: () => Promise<B>;
  /** What was found, if the caller may do with it what this endpoint does; throws where not, telling nothing. */
  readonly granted: <T extends Owned>(found: T | undefined, what?: string) => T;
  /** Throws unless the caller may do this, which is something else than what the endpoint is for, to that. */
  readonly require: (action: Action, subject: Subject) => void;
  /** Whether what was granted would be granted now: for answers that go on for long. */
  readonly still: () => Promise<boolean>;
  /** The caller as he is now, for the same; undefined where his credential counts no longer. */
  readonly again: () => Promise<Caller | undefined>;
  /** Fires when the caller does not wait for the rest of the answer any more. */
  readonly leaves: AbortSignal;
  /** What the request says must hold; for endpoints that are `conditional`. */
  readonly condition: () => Condition;
  /** For files that come or go: see `uploads.ts`. */
  readonly raw: () => Transfer;
}

/** A request as it came in, for who reads its body, or follows its answer, by himself. */
export interface Transfer {
  request: Request;
  server: BunServer;
  exchange: Exchange;
}

/** Adds an endpoint to the routes and to the document. */
export function endpoint<
  P extends Shape = typeof nothing,
  Q extends Shape = typeof nothing,
  B extends Shape = typeof nothing,
>(
  api: Api,
  description: Description<P, Q, B>,
  handler: (asked: Asked<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Answer | Response>,
): void {
  const { method, path, action, status } = description;
  document(api.openAPIRegistry, description, action);
  const params = description.params ?? nothing;
  const query = description.query ?? nothing;
  const body = description.body ?? nothing;
  api.on(method.toUpperCase(), routeOf(path), async (c) => {
    const { caller, author, login, road } = c.var;
    c.set("route", `${method.toUpperCase()} ${path}`);
    requireDoor(caller, action);
    let isJudged = actions[action].subject === "server";
    const { headers } = c.req.raw;
    const ignores = isChange(method) && !description.conditional;
    let granted: Subject | undefined;
    const judge = (action: Action, subject: Subject, what?: string) => {
      isJudged = true;
      // Switched off is as if it were not there, whoever asks.
      if (subject.kind === "registry" && c.var.switchedOff.has(subject.groupId))
        throw notFound(what);
      requireRight(caller, action, subject, what);
      if (ignores) requireNoTag(headers);
    };
    if (isJudged) judge(action, { kind: "server" });
    const answer = await handler({
      caller,
      login,
      road,
      author,
      path: c.req.url.slice(new URL(c.req.url).origin.length),
      params: check(params, c.req.param()) as z.output<P>,
      query: check(query, readQuery(c.req.url)) as z.output<Q>,
      body: async () => check(body, await readBody(c.req.raw, body)) as z.output<B>,
      granted: (found, what) => {
        if (!found) throw notFound(what);
        c.set("groupId", found.groupId ?? found.lineage?.[0]);
        granted = subjectOf(action, found);
        judge(action, granted, what);
        return found;
      },
      require: judge,
      still: async () => {
        const now = await c.var.again();
        return granted !== undefined && now?.judge(action, granted) === "allowed";
      },
      again: c.var.again,
      leaves: c.req.raw.signal,
      condition: () => readCondition(headers),
      raw: () => ({ request: c.req.raw, server: c.env.server, exchange: c.var.exchange }),
    });
    if (!isJudged) throw new Error(`${method} ${path} has not asked whether the caller may`);
    return answer instanceof Response ? answer : reply(c.var.exchange, status, answer);
  });
}

/** The same for one that is open to everybody: nothing but its path, query and body is checked before. */
export function openEndpoint<
  P extends Shape = typeof nothing,
  Q extends Shape = typeof nothing,
  B extends Shape = typeof nothing,
>(
  api: Api,
  description: OpenDescription<P, Q, B>,
  handler: (
    c: Context<ApiEnv>,
    asked: { params: z.output<P>; query: z.output<Q>; body: () => Promise<z.output<B>> },
  ) => Promise<Answer | Response>,
): void {
  document(api.openAPIRegistry, description, undefined);
  const { method, path, status } = description;
  const params = description.params ?? nothing;
  const query = description.query ?? nothing;
  const body = description.body ?? nothing;
  api.on(method.toUpperCase(), routeOf(path), async (c) => {
    const answer = await handler(c, {
      params: check(params, c.req.param()) as z.output<P>,
      query: check(query, readQuery(c.req.url)) as z.output<Q>,
      body: async () => check(body, await readBody(c.req.raw, body)) as z.output<B>,
    });
    return answer instanceof Response ? answer : reply(c.var.exchange, status, answer);
  });
}

const isChange = (method: string) => method !== "get" && method !== "post";

/** As the router has it. */
const routeOf = (path: string) => `/v4${path.replace(/\{(\w+)\}/g, ":$1")}`;
