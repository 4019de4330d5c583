import type { Page } from "playwright-core";
import { settled } from "./browser.ts";
import type { Screen } from "./screens.ts";

/** What is not one column at every width. */
const wideToo = ["cache-entries", "cache-index", "prefetches"];
/** Of what others are made of. */
const likeOthers = ["cache-purge", "cache-repositories-none", "cache-repository"];

const at = (name: string, path: string, heading: string, more?: Screen["reach"]): Screen => ({
  name,
  path,
  ...(likeOthers.includes(name)
    ? { axe: "none" as const }
    : !wideToo.includes(name) && { axe: "narrow" as const }),
  reach: async (page, weir) => {
    await page.getByRole("heading", { level: 1 }).filter({ hasText: heading }).waitFor();
    await page.locator(".skeleton").first().waitFor({ state: "detached" });
    await more?.(page, weir);
  },
});

/** Goes to what a link leads to, and waits for what it shows. */
const follow = (link: RegExp, shows: string) => async (page: Page) => {
  await page.getByRole("link", { name: link }).first().click();
  await page.getByRole("heading", { name: shows }).first().waitFor();
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
};

const repository = (name: string) => `/cache/1/repository?${new URLSearchParams({ name })}`;

/** What is cached, and what becomes of it. */
export const cacheScreens: readonly Screen[] = [
  at("cache", "/cache", "Cache", async (page) => {
    await page.locator("tbody tr").nth(2).waitFor();
  }),
  at("cache-repositories", "/cache/1", "", async (page) => {
    await page.getByRole("link", { name: "library/multi" }).waitFor();
  }),
  at("cache-repositories-none", "/cache/1?search=nothing-like-it", "", async (page) => {
    await page.getByText("No repository has these words").waitFor();
  }),
  at("cache-entries", "/cache/1?view=entries", "", async (page) => {
    await page.locator(".virtual-row").first().waitFor();
  }),
  at("cache-purge", "/cache/1?view=purge&pattern=library/**", "", async (page) => {
    await page.getByRole("button", { name: "See what goes" }).click();
    await page.getByRole("button", { name: /^Purge \d+ entries$/ }).waitFor();
  }),
  at("cache-purge-confirm", "/cache/1?view=purge&pattern=library/**", "", async (page) => {
    await page.getByRole("button", { name: "See what goes" }).click();
    await page.getByRole("button", { name: /^Purge \d+ entries$/ }).click();
    await page.getByRole("alertdialog").waitFor();
  }),
  at("cache-repository", repository("library/multi"), "library/multi", async (page) => {
    await page.locator(".virtual-row").first().waitFor();
  }),
  at("cache-index", repository("library/multi"), "library/multi", follow(/^latest$/, "Platforms")),
  at("cache-image", repository("library/hello"), "library/hello", follow(/^latest$/, "Layers")),
  at("prefetches", "/prefetches", "Prefetches", async (page) => settled(page, "Prefetches")),
  at("prefetch-new", "/prefetches", "Prefetches", async (page) => {
    await page.getByRole("button", { name: "New prefetch" }).click();
    await page.getByRole("dialog").waitFor();
  }),
  at("prefetch", "/prefetches/1", "Prefetch 1"),
  at("policies", "/policies", "Policies"),
];
