import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import type { IconName } from "./ui/icons.tsx";

export interface ConsoleRoute {
  /** As wouter has it: `/registries/:id`. */
  path: string;
  /** Default export of `web/screens/NAME/NAME.tsx`, loaded when somebody goes there. */
  screen: LazyExoticComponent<ComponentType>;
  /** As an entry of the menu; without one it is found from another screen. */
  menu?: { title: string; icon: IconName; section: Section };
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
    path: "/registries",
    screen: lazy(() => import("./screens/registries/registries.tsx")),
    menu: { title: "Registries", icon: "registries", section: "Content" },
  },
  {
    path: "/registries/:id",
    screen: lazy(() => import("./screens/registry/registry.tsx")),
  },
  {
    path: "/upstreams",
    screen: lazy(() => import("./screens/upstreams/upstreams.tsx")),
    menu: { title: "Upstreams", icon: "server", section: "Content" },
  },
  {
    path: "/upstreams/new",
    screen: lazy(() => import("./screens/upstream-new/upstream-new.tsx")),
  },
  {
    path: "/upstreams/:id",
    screen: lazy(() => import("./screens/upstream/upstream.tsx")),
  },
  {
    path: "/welcome",
    screen: lazy(() => import("./screens/welcome/welcome.tsx")),
  },
  {
    path: "/account",
    screen: lazy(() => import("./screens/account/account.tsx")),
  },
];
