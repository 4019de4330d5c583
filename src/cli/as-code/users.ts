import type { MemberJson, UserJson } from "../../http/api/contract.ts";
import type { UserState } from "../../metadata/contract.ts";
import { dayText, type DeclaredUser } from "../../work/contract.ts";
import { levelOf, roleOf } from "../roles.ts";
import { idIn, type Planning, type Step, told, toldNew, unchanged } from "./planning.ts";
import { shapes } from "../shapes.ts";

/** Users to make, and the memberships that they are to have and no others. */
export function planUsers(planning: Planning): Step[] {
  const steps = planning.wanted.declared.users.map((user) => planUser(planning, user));
  // A group keeps an owner: who comes, comes before others go.
  return [
    ...steps.flatMap(({ made }) => made),
    ...steps.flatMap(({ shut }) => shut),
    ...steps.flatMap(({ added }) => added),
    ...steps.flatMap(({ removed }) => removed),
  ];
}

interface UserSteps {
  made: Step[];
  /** Let in or shut out. */
  shut: Step[];
  added: Step[];
  removed: Step[];
}

function planUser(planning: Planning, user: DeclaredUser): UserSteps {
  const { people, groups } = planning.present;
  const { username, memberships } = user;
  const there = people?.users.find((one) => one.username === username);
  const paths = new Map(groups.map(({ id, full_path: path }) => [id, path]));
  const present = new Map<string, { group: number; member: MemberJson }>();
  for (const [group, members] of people?.members ?? []) {
    const member = members.find((one) => one.id === there?.id);
    if (member) present.set((paths.get(group) ?? "").toLowerCase(), { group, member });
  }
  const wanted = new Map(
    memberships.map(({ group, role, expiresAt }) => {
      const end = expiresAt === undefined ? null : dayText(expiresAt);
      return [group.toLowerCase(), { role, end }];
    }),
  );
  return {
    made: there ? setAdmin(user, there) : [makeUser(user)],
    added: [...wanted].flatMap(([group, membership]) => {
      const member = present.get(group)?.member;
      if (!member) return [addMember(username, group, membership)];
      return changeMember(username, group, member, membership);
    }),
    shut: setState(user, there?.state ?? "active"),
    removed: [...present]
      .filter(([group]) => !wanted.has(group))
      .map(([path, { group, member }]) => removeMember(username, path, group, member)),
  };
}

function makeUser({ username, admin }: DeclaredUser): Step {
  return {
    change: { sign: "+", what: `user ${username}`, details: [toldNew("admin", admin)] },
    async run(api, { users }) {
      const { id } = await api.post(shapes.user, "/users", { body: { username, admin } });
      users.set(username, id);
    },
  };
}

/** Nothing where it is so. */
function setAdmin({ username, admin }: DeclaredUser, there: UserJson): Step[] {
  const { id, is_admin: before } = there;
  if (before === admin) return [];
  const what = `user ${username}`;
  return [
    {
      change: { sign: "~", what, details: [told("admin", before, admin)] },
      async run(api) {
        const isSame = (now: UserJson) => now.is_admin === before;
        const version = await unchanged(api, shapes.user, `/users/${id}`, what, isSame);
        await api.patch(shapes.user, `/users/${id}`, { body: { admin }, version });
      },
    },
  ];
}

const verbs = { active: "activate", blocked: "block", deactivated: "deactivate" } as const;

/** Nothing where the file does not say it, or it is so. */
function setState({ username, state }: DeclaredUser, before: UserState): Step[] {
  if (state === undefined || state === before) return [];
  const what = `user ${username}`;
  return [
    {
      change: { sign: "~", what, details: [told("state", before, state)] },
      async run(api, { users }) {
        const path = `/users/${idIn(users, username)}`;
        const isSame = (now: UserJson) => now.state === before;
        const version = await unchanged(api, shapes.user, path, what, isSame);
        const verb = state === "active" && before === "blocked" ? "unblock" : verbs[state];
        await api.post(shapes.user, `${path}/${verb}`, { version });
      },
    },
  ];
}

interface Membership {
  role: string;
  /** The day from which on it is none. */
  end: string | null;
}

const whatOf = (username: string, group: string) => `member ${username} of ${group}`;

function addMember(username: string, group: string, { role, end }: Membership): Step {
  const details = [toldNew("role", role), ...(end === null ? [] : [toldNew("expires_at", end)])];
  return {
    change: { sign: "+", what: whatOf(username, group), details },
    async run(api, { groups, users }) {
      const member = { user_id: idIn(users, username), access_level: levelOf(role) };
      const body = { ...member, expires_at: end };
      await api.post(shapes.member, `/groups/${idIn(groups, group)}/members`, { body });
    },
  };
}

const isSameMember = (planned: MemberJson) => (now: MemberJson) =>
  now.access_level === planned.access_level && now.expires_at === planned.expires_at;

function changeMember(
  username: string,
  group: string,
  member: MemberJson,
  { role, end }: Membership,
): Step[] {
  const what = whatOf(username, group);
  const before = roleOf(member.access_level);
  const endBefore = member.expires_at;
  const details = [
    ...(before === role ? [] : [told("role", before, role)]),
    ...(endBefore === end ? [] : [told("expires_at", endBefore, end)]),
  ];
  if (details.length === 0) return [];
  return [
    {
      change: { sign: "~", what, details },
      async run(api, { groups }) {
        const path = `/groups/${idIn(groups, group)}/members/${member.id}`;
        const version = await unchanged(api, shapes.member, path, what, isSameMember(member));
        const body = { access_level: levelOf(role), expires_at: end };
        await api.put(shapes.member, path, { body, version });
      },
    },
  ];
}

function removeMember(username: string, path: string, group: number, member: MemberJson): Step {
  const what = whatOf(username, path);
  const details = [toldNew("role", roleOf(member.access_level))];
  return {
    change: { sign: "-", what, details },
    async run(api) {
      const place = `/groups/${group}/members/${member.id}`;
      const version = await unchanged(api, shapes.member, place, what, isSameMember(member));
      await api.delete(place, { version });
    },
  };
}
