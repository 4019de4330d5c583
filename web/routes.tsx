import { type ComponentType, lazy, type LazyExoticComponent } from "react";
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
  route("/welcome", () => import("./screens/welcome/welcome.tsx")),
  route("/account", () => import("./screens/account/account.tsx")),
];
