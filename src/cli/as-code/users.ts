import type { MemberJson } from "../../http/api/contract.ts";
import type { DeclaredUser } from "../../work/contract.ts";
import { levelOf, roleOf } from "../roles.ts";
import { idIn, type Planning, type Step, told, toldNew, unchanged } from "./planning.ts";
import { shapes } from "../shapes.ts";

/** Users to make, and the memberships that they are to have and no others. */
export function planUsers(planning: Planning): Step[] {
  const steps = planning.wanted.declared.users.map((user, index) =>
    planUser(planning, user, index),
  );
  // A group keeps an owner: who comes, comes before others go.
  return [
    ...steps.flatMap(({ made }) => made),
    ...steps.flatMap(({ added }) => added),
    ...steps.flatMap(({ removed }) => removed),
  ];
}

interface UserSteps {
  made: Step[];
  added: Step[];
  removed: Step[];
}

function planUser(planning: Planning, user: DeclaredUser, index: number): UserSteps {
  const { people, groups } = planning.present;
  const { username, admin, memberships } = user;
  const there = people?.users.find((one) => one.username === username);
  if (there && there.is_admin !== admin) {
    planning.refuse(
      `users[${index}].admin: is ${there.is_admin} there, which the API does not change`,
    );
  }
  const paths = new Map(groups.map(({ id, full_path: path }) => [id, path]));
  const present = new Map<string, { group: number; member: MemberJson }>();
  for (const [group, members] of people?.members ?? []) {
    const member = members.find((one) => one.id === there?.id);
    if (member) present.set((paths.get(group) ?? "").toLowerCase(), { group, member });
  }
  const wanted = new Map(memberships.map(({ group, role }) => [group.toLowerCase(), role]));
  return {
    made: there ? [] : [makeUser(user)],
    added: [...wanted].flatMap(([group, role]) => {
      const member = present.get(group)?.member;
      if (!member) return [addMember(username, group, role)];
      return roleOf(member.access_level) === role && member.expires_at === null
        ? []
        : [changeMember(username, group, member, role)];
    }),
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

const whatOf = (username: string, group: string) => `member ${username} of ${group}`;

function addMember(username: string, group: string, role: string): Step {
  return {
    change: { sign: "+", what: whatOf(username, group), details: [toldNew("role", role)] },
    async run(api, { groups, users }) {
      const body = { user_id: idIn(users, username), access_level: levelOf(role) };
      await api.post(shapes.member, `/groups/${idIn(groups, group)}/members`, { body });
    },
  };
}

const isSameMember = (planned: MemberJson) => (now: MemberJson) =>
  now.access_level === planned.access_level && now.expires_at === planned.expires_at;

function changeMember(username: string, group: string, member: MemberJson, role: string): Step {
  const what = whatOf(username, group);
  const before = roleOf(member.access_level);
  const end = member.expires_at;
  const details = [
    ...(before === role ? [] : [told("role", before, role)]),
    ...(end === null ? [] : [told("expires_at", end, null)]),
  ];
  return {
    change: { sign: "~", what, details },
    async run(api, { groups }) {
      const path = `/groups/${idIn(groups, group)}/members/${member.id}`;
      const version = await unchanged(api, shapes.member, path, what, isSameMember(member));
      const body = { access_level: levelOf(role), expires_at: null };
      await api.put(shapes.member, path, { body, version });
    },
  };
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
