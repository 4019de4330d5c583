import type { Page } from "playwright-core";
import type { Weir } from "../lab/weir.ts";
import { settled } from "./browser.ts";
import { peopleScreens } from "./people-screens.ts";

/** A state of the console that is looked at: by axe, and in pictures. */
export interface Screen {
  name: string;
  /** Where it is. */
  path: string;
  /** Whether somebody has signed in. */
  isOpen?: boolean;
  /** Waits until it is there, and does what leads to it. */
  reach: (page: Page, weir: Weir) => Promise<void>;
}

/** Every screen, and what opens over it. A new one is added here. */
export const screens: readonly Screen[] = [
  {
    name: "sign-in",
    path: "/",
    isOpen: true,
    reach: async (page) => page.getByLabel("Password").waitFor(),
  },
  {
    name: "overview",
    path: "/",
    reach: async (page) => settled(page, "Overview"),
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
    name: "not-found",
    path: "/nowhere",
    reach: async (page) => settled(page, "Not found"),
  },
  ...peopleScreens,
];
