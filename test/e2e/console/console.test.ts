import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { skopeo } from "../lab/clients/index.ts";
import { e2e } from "../lab/lab.ts";
import type { Weir } from "../lab/weir.ts";
import {
  checked,
  chromiumHere,
  focused,
  narrow,
  settled,
  signedInPage,
  signIn,
  type WatchedPage,
  watchedPage,
  wide,
} from "./browser.ts";
import { browserOf } from "./shared-browser.ts";
import { type Screen, screens } from "./screens.ts";
import { furnished } from "./stage.ts";

const needs = [chromiumHere, skopeo];

await e2e(
  "each screen is without fault, wide and narrow in light, and in dark",
  { needs, seconds: 240 },
  async (lab) => {
    const weir = await furnished(lab);
    const browser = await browserOf(lab);
    const due = [wide, narrow].flatMap((size) =>
      screens
        .filter(({ axe }) => !axe || (axe === "narrow" && size === narrow))
        .map((screen) => ({ size, screen })),
    );
    const known = await signedInPage(browser, weir);
    const unknown = await watchedPage(browser, weir);
    // One after the other in one page: axe and the console have to be read and warmed up in each.
    for (const each of due) await lookAt(each.screen.isOpen ? unknown : known, weir, each);
  },
);

async function lookAt(
  watched: WatchedPage,
  weir: Weir,
  { screen, size }: { screen: Screen; size: typeof wide },
): Promise<void> {
  const { page } = watched;
  await page.setViewportSize(size);
  await goTo(page, screen);
  await screen.reach(page, weir);
  const isNew = size === wide || screen.axe === "narrow";
  const part = screen.name === "overview" ? "page" : "screen";
  await checked(watched, part, isNew ? undefined : ["light"]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect([screen.name, overflow]).toEqual([screen.name, Math.min(0, overflow)]);
}

/** As by a link, where it can be: to load all anew takes longer than to look at it. */
async function goTo(page: Page, { path, isOpen = false }: Screen): Promise<void> {
  if (isOpen || page.url() === "about:blank") {
    await page.goto(path);
    return;
  }
  // What is open over the menu stays on another screen; what is over a screen goes with it.
  if ((await page.locator(".popover").count()) > 0) await page.keyboard.press("Escape");
  for (const next of ["/nowhere", path]) {
    await page.evaluate((to) => history.pushState(null, "", to), next);
    // By way of another screen: what the former one was like is gone.
    if (next !== path) await settled(page, "Not found");
  }
}

await e2e(
  "signs in where one wanted to go, tells of a wrong token, signs out, and the way back is closed",
  { needs },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const watched = await watchedPage(await browserOf(lab), weir);
    const { page } = watched;
    await page.goto("/account");
    await page.getByLabel("User name or e-mail address").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(weir.token);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("This is an access token: use the button below.").waitFor();
    await checked(watched);
    await signIn(watched, "weir_pat_nothing_of_ours");
    await page.getByRole("alert").getByText("Status 401").waitFor();
    await checked(watched);
    await page.locator("input[name=token]").fill(weir.token);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await settled(page, "Your account");
    expect(await page.title()).toBe("Your account · Weir");
    await page.getByRole("button", { name: "Account of admin" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByLabel("Password", { exact: true }).waitFor();
    await page.goBack();
    await page.goto("/account");
    await page.getByLabel("Password", { exact: true }).waitFor();
    await checked(watched);
  },
);

await e2e(
  "the numbers are those of the pulls, also after the server was away",
  { needs },
  async (lab) => {
    const weir = await furnished(lab);
    const watched = await signedInPage(await browserOf(lab), weir);
    const { page } = watched;
    await page.getByRole("row", { name: /library\/multi/ }).waitFor();
    await page.getByText("50.0 %").first().waitFor();
    await weir.stop();
    await page.getByRole("radio", { name: "7 days" }).click();
    await page.getByText("The server does not answer").first().waitFor();
    await weir.start();
    await page.locator(".banner").waitFor({ state: "detached" });
    await page.getByText("50.0 %").first().waitFor();
    await page.waitForURL(({ search }) => search === "?range=7d");
    await page.reload();
    await page.getByRole("radio", { name: "7 days", checked: true }).waitFor();
    await checked(watched);
  },
);

await e2e(
  "a session that ends in mid-form is begun anew over it: what was typed is kept, and sent",
  { needs },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const watched = await signedInPage(await browserOf(lab), weir);
    const { page } = watched;
    await page.goto("/account");
    await page.getByLabel("Current password").fill("not the password");
    await page.getByLabel("New password").fill("correct horse battery staple");
    await page.context().clearCookies();
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
    await checked(watched);
    await signIn(watched, weir.token);
    await page.getByRole("dialog").waitFor({ state: "detached" });
    // The server's word on the field, which it gave to the request that had waited.
    await page.getByText("is wrong").first().waitFor();
    expect(await page.getByLabel("New password").inputValue()).toBe("correct horse battery staple");
    await checked(watched);
  },
);

await e2e(
  "goes by keys: past the menu, between screens with the focus on the heading, into menus and out",
  { needs },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const watched = await signedInPage(await browserOf(lab), weir);
    const { page } = watched;
    await page.reload();
    await settled(page, "Overview");
    await page.keyboard.press("Tab");
    await focused(page, page.getByText("Skip to content", { exact: true }));
    await page.keyboard.press("Enter");
    await focused(page, page.locator("#main"));
    await page.getByRole("button", { name: "Account of admin" }).focus();
    await page.keyboard.press("Enter");
    await focused(page, page.getByRole("menuitem", { name: "Your account" }));
    await page.keyboard.press("Enter");
    await settled(page, "Your account");
    await focused(page, page.getByRole("heading", { level: 1, name: "Your account", exact: true }));
    await page.goBack();
    await settled(page, "Overview");
    expect(await page.title()).toBe("Overview · Weir");
    await checked(watched);
  },
);

await e2e(
  "the theme that one chooses is there again, whatever the system's is",
  { needs },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const { page } = await signedInPage(await browserOf(lab), weir);
    await page.emulateMedia({ colorScheme: "light" });
    const background = () =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await background();
    await page.getByRole("button", { name: "Account of admin" }).click();
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    await page.reload();
    await settled(page, "Overview");
    expect(await background()).not.toBe(light);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).not.toBe(light);
  },
);
