import type { Page } from "playwright-core";
import type { Weir } from "../lab/weir.ts";
import { settled } from "./browser.ts";
import { cacheScreens } from "./cache-screens.ts";
import { peopleScreens } from "./people-screens.ts";

/** A state of the console that is looked at: by axe, and in pictures. */
export interface Screen {
  name: string;
  /** Where it is. */
  path: string;
  /** Whether somebody has signed in. */
  isOpen?: boolean;
  /**
   * At which widths axe looks at it; default at both. `narrow`: it is one column at any width; `none`: it is made of the same as
   * another, and is there for its pictures.
   */
  axe?: "narrow" | "none";
  /** Waits until it is there, and does what leads to it. */
  reach: (page: Page, weir: Weir) => Promise<void>;
}

/** Every screen, and what opens over it. A new one is added here. */
export const screens: readonly Screen[] = [
  {
    name: "sign-in",
    path: "/",
    isOpen: true,
    reach: async (page) => page.getByLabel("Password", { exact: true }).waitFor(),
  },
  {
    name: "overview",
    path: "/",
    reach: async (page) => {
      await settled(page, "Overview");
      await page.getByText("Live", { exact: true }).waitFor();
    },
  },
  {
    name: "live",
    path: "/live",
    reach: async (page) => {
      await settled(page, "Live log");
      await page.getByRole("link", { name: /no-such-tag/ }).waitFor();
    },
  },
  {
    name: "live-pull",
    path: "/live?failed=true",
    reach: async (page) => {
      await settled(page, "Live log");
      await page.getByRole("link", { name: /no-such-tag/ }).click();
      await page.getByRole("dialog").getByText("What to do").waitFor();
    },
  },
  {
    name: "live-none",
    path: "/live?repository=nothing-of-this-name",
    reach: async (page) => page.getByText("No such pull").waitFor(),
  },
  {
    name: "explain",
    path: "/explain?registry=1&image=library/hello:latest",
    reach: async (page) => {
      await settled(page, "Explain");
      await page.getByText("A pull now is answered from the cache").waitFor();
    },
  },
  {
    name: "explain-refused",
    path: "/explain?registry=1&image=library/hello:no-such-tag",
    reach: async (page) => page.getByText("A pull now is refused").waitFor(),
  },
  {
    name: "explain-wrong",
    path: "/explain?registry=1&image=Hello",
    reach: async (page) => page.locator(".field-error").getByText("is not <repository>").waitFor(),
  },
  {
    name: "account",
    path: "/account",
    reach: async (page) => settled(page, "Your account"),
  },
  {
    name: "account-menu",
    path: "/",
    reach: async (page) => {
      await settled(page, "Overview");
      await page.getByRole("button", { name: /^Account of/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).waitFor();
    },
  },
  {
    name: "groups",
    path: "/",
    reach: async (page) => {
      await settled(page, "Overview");
      await page.locator(".group-button").click();
      await page.getByRole("listbox", { name: "Groups" }).waitFor();
    },
  },
  {
    name: "registries",
    path: "/registries",
    reach: async (page) => settled(page, "Registries"),
  },
  {
    name: "registry",
    path: "/registries/1?client=containerd",
    reach: async (page) => {
      await settled(page, "default");
      await page.getByRole("list", { name: "Upstreams, in order" }).waitFor();
    },
  },
  {
    name: "registry-settings",
    path: "/registries/1",
    reach: async (page) => {
      await settled(page, "default");
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "registry-delete",
    path: "/registries/1",
    reach: async (page) => {
      await settled(page, "default");
      await page.getByRole("button", { name: "Delete", exact: true }).click();
      await page.getByText("go along").waitFor();
    },
  },
  {
    name: "upstreams",
    path: "/upstreams",
    reach: async (page) => {
      await settled(page, "Upstreams");
      await page.getByText("Ready").first().waitFor();
    },
  },
  {
    name: "upstream-new",
    path: "/upstreams/new?registry=1",
    reach: async (page) => {
      await settled(page, "Add an upstream");
      await page.getByRole("button", { name: "Add upstream" }).waitFor();
    },
  },
  {
    name: "upstream",
    path: "/upstreams/1",
    reach: async (page) => {
      await page.getByRole("heading", { name: "Rules" }).waitFor();
      await page.locator(".skeleton").first().waitFor({ state: "detached" });
    },
  },
  {
    name: "welcome-upstream",
    path: "/welcome",
    reach: async (page) => {
      await settled(page, "Your first pull");
      await page.getByRole("button", { name: /^Test / }).click();
      await page.getByText("It answers").waitFor();
    },
  },
  {
    name: "welcome-token",
    path: "/welcome?step=2",
    reach: async (page) => {
      await settled(page, "Your first pull");
      await page.getByRole("button", { name: "Make a token" }).waitFor();
    },
  },
  {
    name: "welcome-pull",
    path: "/welcome?step=3",
    reach: async (page) => {
      await settled(page, "Your first pull");
      await page.getByText("Waiting for a pull…").waitFor();
    },
  },
  {
    name: "not-found",
    path: "/nowhere",
    reach: async (page) => settled(page, "Not found"),
  },
  ...peopleScreens,
  ...cacheScreens,
];
