import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { findTool, type Need } from "../lab/tools.ts";
import type { Weir } from "../lab/weir.ts";

/**
 * Debian's Chromium: nothing is downloaded. Rather what has no window, tabs and menu of its own, which nobody sees here: the
 * same engine for half of the processor time.
 */
const chromiums = ["chromium-headless-shell", "chromium"];
const findChromium = () => chromiums.map(findTool).find((found) => found !== undefined);

export const chromiumHere: Need = {
  name: "chromium",
  lacking: async () => (findChromium() ? undefined : "chromium-headless-shell is not installed"),
};

export const wide = { width: 1440, height: 900 };
export const narrow = { width: 360, height: 740 };

/**
 * On busy machines a page takes its time; nothing here measures it. More than twice the half minute after which the overview
 * reads its figures anew.
 */
const patienceMs = 75_000;

export async function launch(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("chromium-headless-shell is not installed");
  // The tests run as root in containers, where Chromium's own sandbox cannot be made.
  return chromium.launch({ executablePath, args: ["--no-sandbox"], timeout: 2 * patienceMs });
}

/** A page that remembers what went wrong on it. */
export interface WatchedPage {
  page: Page;
  /** What the page's scripts threw, and what its policy forbade. Answers that are refusals are none. */
  problems: string[];
}

export async function watchedPage(browser: Browser, weir: Weir, size = wide): Promise<WatchedPage> {
  const look = { viewport: size, reducedMotion: "reduce" } as const;
  return watch(await browser.newContext({ baseURL: weir.url, ...look }));
}

/** The same in any other context. */
export async function watch(context: BrowserContext): Promise<WatchedPage> {
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    const isRefusal = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isRefusal) problems.push(message.text());
  });
  return { page, problems };
}

/** Signs in with an access token, by the form, at the address where one is. */
export async function signIn({ page }: WatchedPage, token: string): Promise<void> {
  await page.getByRole("button", { name: "Use an access token instead" }).click();
  await page.locator("input[name=token]").fill(token);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** A page where the administrator is signed in, on the overview. */
export async function signedInPage(
  browser: Browser,
  weir: Weir,
  size = wide,
): Promise<WatchedPage> {
  const watched = await watchedPage(browser, weir, size);
  // As one who has seen the welcome: it would come by itself where nothing was pulled yet.
  await watched.page.addInitScript(() => localStorage.setItem("weir.welcome", "left"));
  await watched.page.goto("/");
  await signIn(watched, weir.token);
  await settled(watched.page, "Overview");
  return watched;
}

/** Until the screen with this heading has what it asked for. */
export async function settled(page: Page, heading: string): Promise<void> {
  await page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
}

/** Until this has the focus: that comes a moment after what is focused. */
export function focused(page: Page, what: Locator): Promise<void> {
  return what.and(page.locator(":focus")).waitFor();
}

/** Until the address has this search: it is told a moment after what the page shows for it. */
export function searched(page: Page, search: Record<string, string>): Promise<void> {
  return page.waitForURL(({ searchParams }) =>
    Object.entries(search).every(([name, value]) => searchParams.get(name) === value),
  );
}

/**
 * Throws where axe finds something wrong with what is shown, in light or in dark, or where anything went wrong before. `part`:
 * of a page whose menu was looked at before, all but that; where something is open over it, that alone; or what a selector finds. `themes`: where colours were looked at before, light alone.
 */
export async function checked(
  { page, problems }: WatchedPage,
  part: "page" | "screen" | { within: string } = "page",
  themes: readonly ("light" | "dark")[] = ["light", "dark"],
): Promise<void> {
  const where = typeof part === "object" ? within(part.within) : await whereOf(page, part);
  const shown = (await page.evaluate(isDark)) ? "dark" : "light";
  // That first: to switch takes as long as to look at the colours.
  const inTurn = themes.toSorted((a, b) => Number(b === shown) - Number(a === shown));
  for (const [i, colorScheme] of inTurn.entries()) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(drawnAnew, colorScheme === shown && i === 0);
    // What is there is the same in both: the colours alone are others.
    const found = await violations(page, where, i === 0 ? allRules : colourRules);
    if (found.length > 0) throw new Error(`${page.url()}, ${colorScheme}:\n${found.join("\n")}`);
  }
  if (problems.length > 0) throw new Error(`${page.url()}:\n${problems.join("\n")}`);
}

interface Where {
  include?: string[];
  exclude: string[];
}

// React Aria's announcer tells once what has had the focus, which may be gone when axe looks.
const everywhere: Where = { exclude: ["[data-live-announcer]"] };
const over = [".veil", ".popover"];

const within = (selector: string): Where => ({ ...everywhere, include: [selector] });

async function whereOf(page: Page, part: "page" | "screen"): Promise<Where> {
  if (part === "page") return everywhere;
  for (const one of over) if ((await page.locator(one).count()) > 0) return within(one);
  return { exclude: [...everywhere.exclude, ".top", ".menu"] };
}

const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

/**
 * Until what has changed is to be seen, colours included: Chromium keeps an inherited one of what had an animation when the
 * theme is switched. What is drawn anew from nothing has none; it is so within one frame, so that focus and place stay. What
 * is shown in this theme already needs it where things move alone.
 */
async function drawnAnew(isShown: boolean): Promise<void> {
  if (!isShown || !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const { style } = document.documentElement;
    style.display = "none";
    void getComputedStyle(document.body).color;
    style.display = "";
  }
  await new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  });
}

/** Its half: each page that is loaded has to read it. */
let axeSource: string | undefined;
const readAxe = () =>
  readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** By the rules of WCAG 2.2 AA, and axe's own good practice. */
const allRules = {
  type: "tag" as const,
  values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
};
const colourRules = { type: "rule" as const, values: ["color-contrast", "link-in-text-block"] };

async function violations(
  page: Page,
  where: Where,
  runOnly: typeof allRules | typeof colourRules,
): Promise<string[]> {
  // Evaluated from outside: the page itself may run nothing that is not in its files.
  if (!(await page.evaluate(() => "axe" in globalThis))) {
    await page.evaluate((axeSource ??= readAxe()));
  }
  // What opens over the page hides all landmarks, and need not be one.
  const hasLandmarks = (await page.locator(".popover").count()) === 0;
  const options = {
    runOnly,
    resultTypes: ["violations" as const],
    // Style sheets, for rules that are not among these.
    preload: false,
    ...(runOnly === allRules && { rules: { region: { enabled: hasLandmarks } } }),
  };
  return page.evaluate(
    async ([where, options]) => {
      const { axe: here } = globalThis as unknown as { axe: typeof axe };
      const { violations } = await here.run(where, options);
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary = "" }) => `${id}: ${html}\n  ${failureSummary}`),
      );
    },
    [where, options] as const,
  );
}
