import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import type { Standing } from "./api/rights.ts";
import type { IconName } from "./ui/icons.tsx";

type Load = () => Promise<{ default: ComponentType }>;

export interface ConsoleRoute {
  /** As wouter has it: `/registries/:id`. */
  path: string;
  /** Loads the default export of `web/screens/NAME/NAME.tsx`, when somebody goes there. */
  load: Load;
  screen: LazyExoticComponent<ComponentType>;
  menu: Entry | undefined;
}

/** Of the menu. A screen without one is found from another screen. */
interface Entry {
  title: string;
  icon: IconName;
  section: Section;
  /** How one must stand to the group that is looked at to find it there; whoever goes there without is told. */
  least?: Standing;
}

/** Parts of the menu, in this order. */
export const sections = ["Observe", "Content", "Access", "Operate"] as const;
export type Section = (typeof sections)[number];

const route = (path: string, load: Load, menu?: Entry): ConsoleRoute => ({
  path,
  load,
  screen: lazy(load),
  menu,
});

/** Every screen, in the order of the menu. A screen is here when it is whole. */
export const routes: readonly ConsoleRoute[] = [
  route("/", () => import("./screens/overview/overview.tsx"), {
    title: "Overview",
    icon: "overview",
    section: "Observe",
  }),
  route("/live", () => import("./screens/live/live.tsx"), {
    title: "Live log",
    icon: "live",
    section: "Observe",
  }),
  route("/explain", () => import("./screens/explain/explain.tsx"), {
    title: "Explain",
    icon: "explain",
    section: "Observe",
  }),
  route("/registries", () => import("./screens/registries/registries.tsx"), {
    title: "Registries",
    icon: "registries",
    section: "Content",
  }),
  route("/registries/:id", () => import("./screens/registry/registry.tsx")),
  route("/upstreams", () => import("./screens/upstreams/upstreams.tsx"), {
    title: "Upstreams",
    icon: "server",
    section: "Content",
  }),
  route("/upstreams/new", () => import("./screens/upstream-new/upstream-new.tsx")),
  route("/upstreams/:id", () => import("./screens/upstream/upstream.tsx")),
  route("/cache", () => import("./screens/cache/cache.tsx"), {
    title: "Cache",
    icon: "cache",
    section: "Content",
  }),
  route("/cache/:id", () => import("./screens/cache/upstream-cache.tsx")),
  route("/cache/:id/repository", () => import("./screens/cache/repository.tsx")),
  route("/cache/:id/entries/:entry", () => import("./screens/cache/entry.tsx")),
  route("/prefetches", () => import("./screens/prefetches/prefetches.tsx"), {
    title: "Prefetches",
    icon: "prefetch",
    section: "Content",
  }),
  route("/prefetches/:id", () => import("./screens/prefetches/prefetch.tsx")),
  route("/welcome", () => import("./screens/welcome/welcome.tsx")),
  route("/account", () => import("./screens/account/account.tsx")),
  route("/tokens", () => import("./screens/tokens/tokens.tsx"), {
    title: "Tokens",
    icon: "token",
    section: "Access",
  }),
  route("/members", () => import("./screens/members/members.tsx"), {
    title: "Members",
    icon: "people",
    section: "Access",
  }),
  route("/groups", () => import("./screens/groups/groups.tsx"), {
    title: "Groups",
    icon: "groups",
    section: "Access",
  }),
  route("/groups/:id", () => import("./screens/groups/group.tsx")),
  route("/users", () => import("./screens/users/users.tsx"), {
    title: "Users",
    icon: "account",
    section: "Access",
    least: "administrator",
  }),
  route("/users/:id", () => import("./screens/users/user.tsx")),
  route("/trust", () => import("./screens/trust/trust.tsx"), {
    title: "Sign-in and CI",
    icon: "lock",
    section: "Access",
    least: "administrator",
  }),
  route("/trust/:id", () => import("./screens/trust/issuer.tsx")),
  route("/policies", () => import("./screens/policies/policies.tsx"), {
    title: "Policies",
    icon: "policies",
    section: "Operate",
    least: "owner",
  }),
  route("/audit", () => import("./screens/audit/audit.tsx"), {
    title: "Audit log",
    icon: "audit",
    section: "Operate",
    least: "owner",
  }),
  route("/webhooks", () => import("./screens/webhooks/webhooks.tsx"), {
    title: "Webhooks",
    icon: "webhook",
    section: "Operate",
    least: "owner",
  }),
  route("/webhooks/:id", () => import("./screens/webhooks/webhook.tsx")),
  route("/server", () => import("./screens/server/server.tsx"), {
    title: "Server",
    icon: "server",
    section: "Operate",
    least: "administrator",
  }),
];
