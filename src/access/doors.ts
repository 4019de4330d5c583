import type { UserRights } from "../metadata/contract.ts";

/** What a credential stands for, as far as rights go. */
export type Authority =
  | {
      kind: "personal" | "group" | "job" | "password" | "session";
      scopes: readonly string[];
      rights: UserRights;
    }
  /** Of a job with an id token, the scopes are what its rule lets it pull. */
  | { kind: "deploy" | "ci"; scopes: readonly string[]; groupId: number };

export type AuthorityKind = Authority["kind"];

/** What credentials open or not, by their kinds and scopes. */
export type Door = "login" | "pull_registry" | "pull_dependency_proxy" | "read" | "write" | "mint";

type ScopeSets = readonly (readonly string[])[];
const always: ScopeSets = [[]];
const never: ScopeSets = [];
const ofRegistries: ScopeSets = [["read_registry", "write_registry"]];
const pulling: ScopeSets = [
  ["api"],
  ["read_virtual_registry"],
  ["write_virtual_registry"],
  ...ofRegistries,
];
const deployed: ScopeSets = [["read_virtual_registry"], ...ofRegistries];

/** By kind of credential and door: sets of scopes, each of which opens it as a whole. */
export const doors: Record<AuthorityKind, Record<Door, ScopeSets>> = {
  personal: {
    login: pulling,
    pull_registry: pulling,
    pull_dependency_proxy: pulling,
    read: [["api"], ["read_api"]],
    write: [["api"]],
    mint: [["api"]],
  },
  group: {
    login: pulling,
    pull_registry: pulling,
    pull_dependency_proxy: pulling,
    read: [["api"], ["read_api"]],
    write: [["api"]],
    mint: never,
  },
  deploy: {
    login: deployed,
    pull_registry: [["read_virtual_registry"]],
    pull_dependency_proxy: deployed,
    read: never,
    write: never,
    mint: never,
  },
  job: {
    login: always,
    pull_registry: always,
    pull_dependency_proxy: always,
    read: always,
    write: always,
    mint: never,
  },
  ci: {
    login: [["registries"], ["dependency_proxies"]],
    pull_registry: [["registries"]],
    pull_dependency_proxy: [["dependency_proxies"]],
    read: never,
    write: never,
    mint: never,
  },
  password: {
    login: always,
    pull_registry: always,
    pull_dependency_proxy: always,
    read: never,
    write: never,
    mint: never,
  },
  session: {
    login: never,
    pull_registry: never,
    pull_dependency_proxy: never,
    read: always,
    write: always,
    mint: always,
  },
};

/** Whether a credential of this kind with these scopes opens a door at all, whatever is behind it. */
export function opens({ kind, scopes }: Pick<Authority, "kind" | "scopes">, door: Door): boolean {
  return doors[kind][door].some((set) => set.every((scope) => scopes.includes(scope)));
}
