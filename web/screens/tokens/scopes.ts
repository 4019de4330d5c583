/** What tokens may be for, each with what it opens. */
const scopes = {
  read_virtual_registry: {
    label: "read_virtual_registry",
    description: "Pull through registries and Dependency Proxies. What a client needs.",
  },
  write_virtual_registry: {
    label: "write_virtual_registry",
    description: "Pull as well; for clients set up for GitLab.",
  },
  read_registry: {
    label: "read_registry",
    description: "With write_registry: pull through Dependency Proxies, as GitLab has it.",
  },
  write_registry: {
    label: "write_registry",
    description: "With read_registry: pull through Dependency Proxies, as GitLab has it.",
  },
  read_api: { label: "read_api", description: "See everything by the API that its owner may see." },
  api: {
    label: "api",
    description: "See and change everything by the API that its owner may, and pull.",
  },
} as const;

export type Scope = keyof typeof scopes;
export type DeployScope = Exclude<Scope, "api" | "read_api">;

const choicesOf = <Id extends Scope>(ids: readonly Id[]) =>
  ids.map((id) => ({ id, ...scopes[id] }));

export const deployScopes = choicesOf([
  "read_virtual_registry",
  "write_virtual_registry",
  "read_registry",
  "write_registry",
]);

export const accessScopes = choicesOf([
  "read_virtual_registry",
  "read_api",
  "api",
  "write_virtual_registry",
  "read_registry",
  "write_registry",
]);

const pulling = ["api", "read_virtual_registry", "write_virtual_registry"];

/** Whether clients can log in with a token of these scopes (docs/permissions.md). */
export function canLogIn(kind: "personal" | "group" | "deploy", held: readonly string[]): boolean {
  const alone = kind === "deploy" ? ["read_virtual_registry"] : pulling;
  const both = held.includes("read_registry") && held.includes("write_registry");
  return both || held.some((scope) => alone.includes(scope));
}
