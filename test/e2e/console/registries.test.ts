import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { skopeo, succeed } from "../lab/clients/index.ts";
import { e2e } from "../lab/lab.ts";
import { freePort } from "../lab/processes.ts";
import type { Weir } from "../lab/weir.ts";
import {
  checked,
  chromiumHere,
  focused,
  narrow,
  settled,
  signedInPage,
  signIn,
  watchedPage,
} from "./browser.ts";
import { browserOf } from "./shared-browser.ts";

const needs = [chromiumHere, skopeo];

/** As somebody else, who does not use the console. */
async function call<T>(weir: Weir, method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(`${weir.url}/api/v4${path}`, {
    method,
    headers: { "PRIVATE-TOKEN": weir.token, "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

const registry = "/virtual_registries/container/registries/1";

async function order(weir: Weir): Promise<string[]> {
  const all = await call<{ name: string }[]>(weir, "GET", `${registry}/upstreams`);
  return all.map(({ name }) => name);
}

const fieldError = (page: Page, label: string) =>
  page.locator(".field", { has: page.getByLabel(label, { exact: true }) }).locator(".field-error");

/** What was told of what was done lies over the lower end of the page for some seconds. */
async function dismiss(page: Page): Promise<void> {
  const told = page.getByRole("button", { name: "Dismiss" });
  // Those that are there now, at once: they go by themselves meanwhile.
  await told.evaluateAll((buttons) => buttons.forEach((button) => (button as HTMLElement).click()));
  await told.first().waitFor({ state: "detached" });
}

/** Until the page has saved the order that this makes of it, and has read it anew. */
async function reordered(page: Page, act: () => Promise<unknown>): Promise<void> {
  let isSaved = false;
  const read = page.waitForResponse((answer) => {
    const { pathname } = new URL(answer.url());
    if (answer.request().method() === "PATCH") isSaved ||= pathname.includes("registry_upstreams");
    return isSaved && pathname === `/api/v4${registry}/upstreams`;
  });
  await act();
  await (await read).finished();
}

await e2e(
  "an upstream is tried, added, and moved to the front by keys: from then on it is asked first",
  { needs, seconds: 150 },
  async (lab) => {
    const registry = await lab.registry();
    const [first, second] = [await lab.proxy(registry), await lab.proxy(registry)];
    const weir = await lab.weir({ upstream: first.url });
    const watched = await signedInPage(await browserOf(lab), weir);
    const { page } = watched;
    await page.getByRole("link", { name: "Registries" }).click();
    await page.getByRole("link", { name: "default", exact: true }).click();
    await page.getByRole("link", { name: "Add an upstream" }).click();
    await settled(page, "Add an upstream");

    // The server's word on a wrong address, at its field; what was typed stays.
    const url = page.getByLabel("URL", { exact: true });
    await url.fill("ftp://nowhere");
    await page.getByLabel("Name", { exact: true }).fill("second");
    await page.getByRole("button", { name: "Add upstream" }).click();
    await fieldError(page, "URL").getByText("must be").waitFor();
    expect(await url.inputValue()).toBe("ftp://nowhere");

    // Why a dead one does not work, and that the right one does.
    await url.fill(`http://127.0.0.1:${freePort()}`);
    await page.getByRole("button", { name: "Test the connection" }).click();
    await page.getByText("unreachable - no connection to the upstream").waitFor();
    await checked(watched);
    await url.fill(second.url);
    await page.getByRole("button", { name: "Test the connection" }).click();
    await page.getByText("It answers", { exact: true }).waitFor();
    second.requests.clear();
    await page.getByRole("button", { name: "Add upstream" }).click();
    await settled(page, "default");
    const grip = page.getByRole("button", { name: /^Move second, number 2 of 2/ });
    await grip.focus();
    await reordered(page, async () => {
      await page.keyboard.press("ArrowUp");
      await page.getByText("second is now number 1 of 2.").waitFor();
      // The focus has gone along.
      await focused(page, page.getByRole("button", { name: "second, number 1 of 2" }));
    });
    await page.reload();
    await page.getByRole("button", { name: /^Move second, number 1 of 2/ }).waitFor();

    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "admin", weir.token));
    succeed(await client.pull(weir.names(lab.images.hello).byTag));
    expect(Object.keys(second.counts("GET", /manifests/)).length).toBeGreaterThan(0);
    expect(first.counts("GET", /hello/)).toEqual({});

    // The same by the pointer, and back by the buttons.
    await settled(page, "default");
    const from = await page.getByRole("button", { name: /^Move second, number/ }).boundingBox();
    if (!from) throw new Error("the grip is not there");
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(from.x + from.width / 2, from.y + 150, { steps: 5 });
    await reordered(page, async () => {
      await page.mouse.up();
      await page.getByText("second is now number 2 of 2.").waitFor();
    });
    expect((await order(weir))[1]).toBe("second");
    await reordered(page, async () => {
      await page.getByRole("button", { name: "Move second up" }).click();
      await page.getByText("second is now number 1 of 2.").waitFor();
    });
    expect((await order(weir))[0]).toBe("second");

    // Somebody else is faster: nothing is overwritten, and the order is shown as it is now.
    await call(weir, "PATCH", `/virtual_registries/container/registry_upstreams/1`, {
      position: 1,
    });
    await page.getByRole("button", { name: "Move second down" }).click();
    await page.getByText("Somebody else has changed it meanwhile").waitFor();
    await page.getByRole("button", { name: /^Move second, number 2 of 2/ }).waitFor();

    // What an upstream that is taken out leaves, and how it comes back.
    await page.getByRole("button", { name: "Take out second" }).click();
    await page.getByRole("button", { name: "Take out", exact: true }).click();
    await page.getByRole("alertdialog").waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Upstreams" }).click();
    await page.getByText("In none: never asked").waitFor();
    await page.goBack();
    await page.getByRole("button", { name: "Add one of the group" }).click();
    await page.getByRole("combobox").fill("sec");
    await page.getByRole("option", { name: "second" }).click();
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("button", { name: /^Move second, number 2 of 2/ }).waitFor();

    // Deleting the registry says what goes along, and wants its name.
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const dialog = page.getByRole("alertdialog");
    await dialog.getByText("library/hello").waitFor();
    await dialog.getByLabel("To confirm, type default").fill("defa");
    await dialog.getByRole("button", { name: "Delete registry" }).click();
    await dialog.getByText("This is not default.").waitFor();
    await checked(watched);
    await dialog.getByLabel("To confirm, type default").fill("default");
    await dialog.getByRole("button", { name: "Delete registry" }).click();
    await page.getByText("No registry yet").waitFor();
    await page.goBack();
    await page.getByText("This is not there").waitFor();
    expect(watched.problems).toEqual([]);
  },
);

await e2e(
  "two edit one upstream: the second is told what the first has changed, and loses nothing of his",
  { needs, seconds: 150 },
  async (lab) => {
    const upstream = await lab.registry();
    const weir = await lab.weir({ upstream: upstream.url });
    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "admin", weir.token));
    succeed(await client.pull(weir.names(lab.images.hello).byTag));
    const watched = await signedInPage(await browserOf(lab), weir, narrow);
    const { page } = watched;
    await page.goto("/upstreams/1");
    const name = page.getByLabel("Name", { exact: true });
    await name.fill("mine");
    await page.getByLabel("Hours until a tag is checked").fill("soon");
    await page.getByRole("button", { name: "Save settings" }).click();
    await fieldError(page, "Hours until a tag is checked").getByText("must be").waitFor();
    await page.getByLabel("Hours until a tag is checked").fill("24");
    await call(weir, "PATCH", "/virtual_registries/container/upstreams/1", {
      cache_validity_hours: 5,
      name: "theirs",
    });
    await page.getByRole("button", { name: "Save settings" }).click();
    const note = page.getByRole("alert");
    await note.getByText("Somebody else has changed this meanwhile").waitFor();
    expect(await note.textContent()).toContain("is now “theirs”; you typed “mine”");
    expect(await note.textContent()).toContain(
      "Hours until a tag is checked: was “24”, is now “5”",
    );
    expect(await name.inputValue()).toBe("mine");
    await checked(watched);
    await page.getByRole("button", { name: "Go on with the newest" }).click();
    await note.waitFor({ state: "detached" });
    expect(await page.getByLabel("Hours until a tag is checked").inputValue()).toBe("5");
    await page.getByRole("button", { name: "Save settings" }).click();
    await settled(page, "mine");
    const saved = await call<object>(weir, "GET", "/virtual_registries/container/upstreams/1");
    expect(saved).toMatchObject({ name: "mine", cache_validity_hours: 5 });

    // Rules: the server's word on a pattern, one that is right, and it is gone again.
    await page.getByRole("button", { name: "Add a rule" }).click();
    const rule = page.getByRole("dialog");
    await rule.getByLabel("Pattern").fill("no spaces, please");
    await rule.getByRole("button", { name: "Add rule" }).click();
    await rule.locator(".field-error").getByText("must be 1 to 255 letters").waitFor();
    await rule.getByLabel("Pattern").fill("secret/**");
    await rule.getByRole("button", { name: "Add rule" }).click();
    await page.getByRole("button", { name: "Remove the rule secret/**" }).click();
    await page.getByRole("button", { name: "Remove rule" }).click();
    await page.getByText("No rules: it is asked for every name.").waitFor();

    // What fits a pattern goes, after it was shown.
    await dismiss(page);
    await page.getByLabel("Pattern").fill("library/hello");
    await page.getByRole("button", { name: "See what goes" }).click();
    await page.getByRole("button", { name: /^Purge \d+ entries/ }).click();
    await page.getByRole("alertdialog").getByText("library/hello", { exact: true }).waitFor();
    const asked = await page.getByText(/^To confirm, type /).textContent();
    await page
      .getByLabel(/^To confirm, type /)
      .fill((asked ?? "").replace("To confirm, type ", ""));
    await page.getByRole("button", { name: "Purge", exact: true }).click();
    await page.getByRole("alertdialog").waitFor({ state: "detached" });
    await dismiss(page);
    await page.getByRole("button", { name: "See what goes" }).click();
    await page.getByText("Nothing that is cached here fits.").waitFor();

    // The login is replaced, and never read.
    await page.getByRole("button", { name: "Give it a login" }).click();
    await page.getByLabel("User name").fill("reader");
    await page.getByLabel("Password or token").fill("a secret of the upstream");
    await page.getByRole("button", { name: "Save login" }).click();
    await page.getByText("with a password that is stored sealed").waitFor();
    await page.getByRole("button", { name: "Replace", exact: true }).click();
    expect(await page.getByLabel("Password or token").inputValue()).toBe("");
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(watched.problems).toEqual([]);
  },
);

await e2e(
  "names full of markup are text, nothing overflows, and who may only look is offered nothing else",
  { needs: [chromiumHere], seconds: 150 },
  async (lab) => {
    const weir = await lab.weir({ upstream: "http://127.0.0.1:9" });
    const wild = `<img src=x onerror=alert(1)>"&'${"𓀀é".repeat(20)}${"x".repeat(160)}`;
    await call(weir, "PATCH", registry, { name: wild, description: wild });
    await call(weir, "POST", `${registry}/upstreams`, { name: wild, url: "http://127.0.0.1:7" });
    const { id } = await call<{ id: number }>(weir, "POST", "/users", { username: "guest" });
    const member = { user_id: id, access_level: 10 };
    await call(weir, "POST", "/groups/default/members", member);
    const { token } = await call<{ token: string }>(
      weir,
      "POST",
      `/users/${id}/personal_access_tokens`,
      { name: "look", scopes: ["api"] },
    );
    const browser = await browserOf(lab);
    const known = await signedInPage(browser, weir, narrow);
    const guest = await watchedPage(browser, weir, narrow);
    await guest.page.goto("/registries");
    await signIn(guest, token);
    // Not sooner to another address: that would cut the sign-in off.
    await settled(guest.page, "Registries");
    for (const [path, heading] of [
      ["/registries", "Registries"],
      ["/registries/1", wild],
      ["/upstreams", "Upstreams"],
      ["/upstreams/2", wild],
      ["/upstreams/new?registry=1", "Add an upstream"],
      ["/welcome", "Your first pull"],
    ] as const) {
      for (const watched of heading === wild ? [known, guest] : [guest]) {
        await watched.page.goto(path);
        await settled(watched.page, heading);
        const overflow = await watched.page.evaluate(
          () => document.documentElement.scrollWidth - innerWidth,
        );
        expect([path, Math.max(0, overflow)]).toEqual([path, 0]);
      }
      const offered = guest.page.getByRole("button", {
        name: /^(Delete|Settings|Save|Add|Move|Take|New|Test|Give|Replace|See what)/,
      });
      expect([path, await offered.allTextContents()]).toEqual([path, []]);
    }
    await guest.page.goto("/registries/1");
    await guest.page.getByText("that takes the role Maintainer").waitFor();
    await checked(guest);
    await known.page.goto("/registries/1");
    await known.page.getByRole("button", { name: "Delete", exact: true }).click();
    await known.page.getByRole("alertdialog").getByText("To confirm, type delete 1").waitFor();
    const dialog = await known.page.getByRole("alertdialog").boundingBox();
    expect(dialog?.width).toBeLessThanOrEqual(narrow.width);
    await checked(known);
  },
);
