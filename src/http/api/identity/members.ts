import { z } from "@hono/zod-openapi";
import type { Action, Caller, Subject } from "../../../access/contract.ts";
import type { Identity, Member, Membered, Role } from "../../../metadata/contract.ts";
import { atLeastOne, removed } from "../changes.ts";
import { tagged } from "../conditions.ts";
import { type Api, type Asked, endpoint } from "../endpoint.ts";
import { ApiError, badRequest, forbidden, notFound } from "../errors.ts";
import { findGroup, groupParams } from "../groups.ts";
import type { ApiOptions } from "../options.ts";
import { pageHeaders, pageOf, pageOptions, pageQuery, searchWords } from "../pages.ts";
import { membershipEnd } from "./expiry.ts";
import { member, memberChanges, memberFields, memberParams } from "./fields.ts";
import { findProject, projectParams } from "./projects.ts";
import { memberJson } from "./represent.ts";

/** What has members: a group or a project, and the caller's rights to those. */
interface Place {
  path: string;
  what: string;
  params: typeof groupParams | typeof projectParams;
  read: Action;
  change: Action;
  find: (options: ApiOptions, params: { id: string }, granted: Granted) => Promise<Found>;
}
type Granted = Asked<unknown, unknown, unknown>["granted"];
interface Found {
  of: Membered;
  subject: Subject;
}

const places: Place[] = [
  {
    path: "/groups/{id}/members",
    what: "group",
    params: groupParams,
    read: "read_members",
    change: "change_members",
    async find({ management }, params, granted) {
      const { id, lineage } = granted(await findGroup(management, params));
      return { of: { groupId: id }, subject: { kind: "group", lineage } };
    },
  },
  {
    path: "/projects/{id}/members",
    what: "project",
    params: projectParams,
    read: "read_project",
    change: "change_project_members",
    async find({ identity }, params, granted) {
      const { projectId, lineage } = granted(await findProject(identity, params));
      return { of: { projectId }, subject: { kind: "project", projectId, lineage } };
    },
  },
];

export function memberEndpoints(api: Api, options: ApiOptions): void {
  for (const place of places) {
    list(api, options, place);
    get(api, options, place);
    add(api, options, place);
    change(api, options, place);
    remove(api, options, place);
  }
}

function list(api: Api, options: ApiOptions, { path, what, params, read, find }: Place): void {
  endpoint(
    api,
    {
      method: "get",
      path,
      summary: `List the members of a ${what}, not those of groups above`,
      action: read,
      params,
      query: z.strictObject({ ...pageQuery, query: searchWords }),
      answer: z.array(member),
      status: 200,
    },
    async ({ params, query, granted, path }) => {
      const { of } = await find(options, params, granted);
      const wanted = pageOptions(query, query.query);
      const all = await options.identity.members.list(of);
      const page = pageOf(all, wanted, ({ user }) => `${user.username} ${user.name}`);
      const headers = pageHeaders(new URL(path, options.externalUrl), wanted, page);
      return { body: page.items.map(memberJson), headers };
    },
  );
}

function get(api: Api, options: ApiOptions, { path, what, params, read, find }: Place): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${path}/{user_id}`,
      summary: `Get a member of a ${what}`,
      action: read,
      params: z.strictObject({ ...params.shape, ...memberParams.shape }),
      answer: member,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const { of } = await find(options, params, granted);
      const found = await options.identity.members.get(of, params.user_id);
      if (!found) throw notFound();
      return { body: memberJson(found), headers: tagged(found) };
    },
  );
}

function add(api: Api, options: ApiOptions, { path, what, params, change, find }: Place): void {
  const { identity, clock } = options;
  endpoint(
    api,
    {
      method: "post",
      path,
      summary: `Make a user a member of a ${what}`,
      action: change,
      params,
      body: memberFields,
      answer: member,
      tagged: true,
      status: 201,
      refusals: [409],
    },
    async ({ params, granted, body, caller, author }) => {
      const { of, subject } = await find(options, params, granted);
      const { access_level: role, expires_at: end, ...who } = await body();
      requireAtMost(caller, role, subject);
      const expiresAt = membershipEnd(clock.now(), end);
      const added = await identity.by(author).members.add(of, await userIdOf(identity, who), {
        role,
        expiresAt,
      });
      if (!added) throw new ApiError(409, { message: "Member already exists" });
      return { body: memberJson(added), headers: tagged(added) };
    },
  );
}

function change(api: Api, options: ApiOptions, { path, what, params, change, find }: Place): void {
  endpoint(
    api,
    {
      method: "put",
      conditional: true,
      path: `${path}/{user_id}`,
      summary: `Change the role of a member of a ${what}, or when it ends`,
      action: change,
      params: z.strictObject({ ...params.shape, ...memberParams.shape }),
      body: memberChanges,
      answer: member,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, body, condition, caller, author }) => {
      const { members } = options.identity.by(author);
      const { of, subject } = await find(options, params, granted);
      const given = atLeastOne(memberChanges, await body());
      const { access_level: role, expires_at: end } = given;
      const until =
        end === undefined ? undefined : { expiresAt: membershipEnd(options.clock.now(), end) };
      const changes = { ...(role && { role }), ...until };
      const holds = condition();
      const judge = (present: Member) => {
        requireAtMost(caller, present.role, subject);
        if (role) requireAtMost(caller, role, subject);
        if (until && params.user_id === caller.userId) requireNoLonger(caller, present, until);
      };
      const changed = await members.change(of, params.user_id, changes, judge, holds);
      if (!changed) throw notFound();
      return { body: memberJson(changed), headers: tagged(changed) };
    },
  );
}

function remove(api: Api, options: ApiOptions, { path, what, params, change, find }: Place): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${path}/{user_id}`,
      summary: `Remove a member from a ${what}`,
      action: change,
      params: z.strictObject({ ...params.shape, ...memberParams.shape }),
      status: 204,
    },
    async ({ params, granted, condition, caller, author }) => {
      const { members } = options.identity.by(author);
      const { of, subject } = await find(options, params, granted);
      const judge = ({ role }: Member) => requireAtMost(caller, role, subject);
      return removed(await members.remove(of, params.user_id, judge, condition()));
    },
  );
}

/** Nobody makes his own membership last longer than others have meant it to. */
function requireNoLonger(caller: Caller, present: Ending, wanted: Ending): void {
  const [before = Infinity, after = Infinity] = [present.expiresAt, wanted.expiresAt];
  if (after > before && !caller.isAdministrator) throw forbidden();
}

interface Ending {
  expiresAt: number | undefined;
}

/** Nobody gives or takes what is more than his own. */
function requireAtMost(caller: Caller, role: Role, subject: Subject): void {
  if (!caller.reaches(role, subject)) throw forbidden();
}

async function userIdOf(
  { users }: Identity,
  who: { user_id?: number | undefined; username?: string | undefined },
): Promise<number> {
  const { user_id: id, username } = who;
  if ((id === undefined) === (username === undefined)) {
    throw badRequest("user_id, username are mutually exclusive, exactly one must be provided");
  }
  const user = await users.get(id === undefined ? { username: username ?? "" } : { id });
  if (!user) throw notFound("User");
  return user.id;
}
