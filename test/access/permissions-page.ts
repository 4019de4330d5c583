import { type AuthorityKind, type Door, doors } from "../../src/access/doors.ts";
import {
  actions,
  reaches,
  type Standing,
  type Subject,
  visibleTo,
} from "../../src/access/permissions.ts";

type Column = [standing: Standing, title: string];
const members: Column[] = [
  ["guest", "Guest to Developer"],
  ["maintainer", "Maintainer"],
  ["owner", "Owner"],
  ["administrator", "administrator"],
];
const nobody: Column = ["stranger", "nobody of it"];
const inGroups: Column[] = [nobody, ["project", "member of a project in it"], ...members];

/** Who there can be. */
const columns: Record<Subject["kind"], Column[]> = {
  registry: inGroups,
  group: inGroups,
  project: [nobody, ...members],
  user: [
    ["stranger", "others"],
    ["owner", "oneself"],
    ["administrator", "administrator"],
  ],
  server: [
    ["guest", "everybody"],
    ["administrator", "administrator"],
  ],
};

const subjects: [kind: keyof typeof visibleTo, title: string, text: string][] = [
  [
    "registry",
    "Registries, upstreams and what is cached of them",
    "They belong to a top-level group; only the role in that group counts, and membership of any project in it, in a subgroup too.",
  ],
  [
    "group",
    "Groups and their Dependency Proxies",
    "A role in a group is one in those below. A project shows the groups that it is in to its members.",
  ],
  [
    "project",
    "Projects",
    "The role in the project, or in a group that it is in, whichever is higher; to be a member is to be Guest or more.",
  ],
  ["user", "What is one's own", "Everybody's own is his as if he were its owner."],
  ["server", "The server", "Everybody with a credential for the API stands to it as a guest."],
];

const kinds: [kind: AuthorityKind, title: string][] = [
  ["personal", "personal access token"],
  ["group", "group access token"],
  ["deploy", "deploy token"],
  ["job", "job token, while the job runs"],
  ["ci", "id token of a job, by what its rule says under `pull`"],
  ["password", "password"],
  ["session", "sign-in to the console"],
];

const doorTitles: [door: Door, title: string][] = [
  ["login", "log in at `/jwt/auth`"],
  ["pull_registry", "pull from a registry"],
  ["pull_dependency_proxy", "pull from a Dependency Proxy"],
  ["read", "API: read"],
  ["write", "API: change"],
  ["mint", "API: make tokens"],
];

const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const table = (titles: readonly string[], rows: readonly (readonly string[])[]) =>
  [line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n");

function scopesText(kind: AuthorityKind, door: Door): string {
  const sets = doors[kind][door];
  if (sets.length === 0) return "no";
  if (sets.some((set) => set.length === 0)) return "yes";
  return sets.map((set) => set.map((scope) => `\`${scope}\``).join(" and ")).join(", or ");
}

function rowsFor(kind: Subject["kind"]): string[][] {
  return Object.entries(actions)
    .filter(([, { subject }]) => subject === kind)
    .map(([name, { text, door, least }]) => [
      `${text} (\`${name}\`)`,
      ...columns[kind].map(([standing]) => {
        if (reaches(standing, least)) return "yes";
        const isPull = door === "pull_registry" || door === "pull_dependency_proxy";
        return !isPull && reaches(standing, visibleTo[kind]) ? "403" : "404";
      }),
    ]);
}

const tableFor = (kind: Subject["kind"]) =>
  table(["", ...columns[kind].map(([, title]) => title)], rowsFor(kind));

/** docs/permissions.md, as the tables have it. */
export function permissionsPage(): string {
  const bySubject = subjects.map(
    ([kind, title, text]) => `## ${title}\n\n${text}\n\n${tableFor(kind)}`,
  );
  const byKind = table(
    ["", ...doorTitles.map(([, title]) => title)],
    kinds.map(([kind, title]) => [title, ...doorTitles.map(([door]) => scopesText(kind, door))]),
  );
  return `# Permissions

This page is made from the tables in \`src/access/permissions.ts\` and \`doors.ts\`, by which everything is decided; a test compares. What is not in
them is refused. Two things are asked: whether the credential, by its kind and scopes, opens the door; and how its owner stands to
what is behind it.

404 means that it looks as if it were not there; a pull that is refused is never answered otherwise. The name in brackets is that in the description of the API (\`x-permission\`).

## Kinds of credentials

${byKind}

- A credential without the scope is refused with 403, and says which one it needs. At the API, deploy tokens and passwords are answered
  401, as if they were none, and so is a kind of token in a header that is not for it: access tokens come in \`PRIVATE-TOKEN\` or \`Authorization: Bearer\`,
  job tokens in \`JOB-TOKEN\`.
- A group's access token stands for a bot, which has the role in that group that was chosen for it. A job token acts as the user who started the job.
- A deploy token belongs to its group: it opens the registries of that very group, and the Dependency Proxies of the group and those below. Its user name must
  be given with it; a job token's is \`gitlab-ci-token\`; with access tokens any will do.
- Who pulls by membership of a project alone has \`"right": "by_project"\` in the line that the log has of it.

${bySubject.join("\n\n")}
`;
}
