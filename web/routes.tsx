import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import type { Standing } from "./api/rights.ts";
import type { IconName } from "./ui/icons.tsx";

export interface ConsoleRoute {
  /** As wouter has it: `/registries/:id`. */
  path: string;
  /** Default export of `web/screens/NAME/NAME.tsx`, loaded when somebody goes there. */
  screen: LazyExoticComponent<ComponentType>;
  /** As an entry of the menu; without one it is found from another screen. */
  menu?: MenuEntry;
}

export interface MenuEntry {
  title: string;
  icon: IconName;
  section: Section;
  /** How one must stand to the group that is looked at to find it in the menu; whoever else goes there is told. */
  least?: Standing;
}

/** Parts of the menu, in this order. */
export const sections = ["Observe", "Content", "Access", "Operate"] as const;
export type Section = (typeof sections)[number];

/** Every screen, in the order of the menu. A screen is here when it is whole. */
export const routes: readonly ConsoleRoute[] = [
  {
    path: "/",
    screen: lazy(() => import("./screens/overview/overview.tsx")),
    menu: { title: "Overview", icon: "overview", section: "Observe" },
  },
  {
    path: "/account",
    screen: lazy(() => import("./screens/account/account.tsx")),
  },
  {
    path: "/tokens",
    screen: lazy(() => import("./screens/tokens/tokens.tsx")),
    menu: { title: "Tokens", icon: "token", section: "Access" },
  },
  {
    path: "/members",
    screen: lazy(() => import("./screens/members/members.tsx")),
    menu: { title: "Members", icon: "people", section: "Access" },
  },
  {
    path: "/groups",
    screen: lazy(() => import("./screens/groups/groups.tsx")),
    menu: { title: "Groups", icon: "groups", section: "Access" },
  },
  { path: "/groups/:id", screen: lazy(() => import("./screens/groups/group.tsx")) },
  {
    path: "/users",
    screen: lazy(() => import("./screens/users/users.tsx")),
    menu: { title: "Users", icon: "account", section: "Access", least: "administrator" },
  },
  { path: "/users/:id", screen: lazy(() => import("./screens/users/user.tsx")) },
  {
    path: "/trust",
    screen: lazy(() => import("./screens/trust/trust.tsx")),
    menu: { title: "Sign-in and CI", icon: "lock", section: "Access", least: "administrator" },
  },
  { path: "/trust/:id", screen: lazy(() => import("./screens/trust/issuer.tsx")) },
  {
    path: "/audit",
    screen: lazy(() => import("./screens/audit/audit.tsx")),
    menu: { title: "Audit log", icon: "audit", section: "Operate", least: "owner" },
  },
  {
    path: "/webhooks",
    screen: lazy(() => import("./screens/webhooks/webhooks.tsx")),
    menu: { title: "Webhooks", icon: "webhook", section: "Operate", least: "owner" },
  },
  { path: "/webhooks/:id", screen: lazy(() => import("./screens/webhooks/webhook.tsx")) },
  {
    path: "/server",
    screen: lazy(() => import("./screens/server/server.tsx")),
    menu: { title: "Server", icon: "server", section: "Operate", least: "administrator" },
  },
];
