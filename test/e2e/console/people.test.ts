import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { skopeo, succeed } from "../lab/clients/index.ts";
import { e2e } from "../lab/lab.ts";
import {
  checked,
  chromiumHere,
  searched,
  settled,
  signedInPage,
  signIn,
  watchedPage,
} from "./browser.ts";
import { browserOf } from "./shared-browser.ts";
import { call, oddName } from "./people.ts";

const needs = [chromiumHere, skopeo];

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });

await e2e(
  "a deploy token that is made in the console pulls until it is revoked there, and the log has it all",
  { needs, seconds: 180 },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const watched = await signedInPage(await browserOf(lab), weir);
    const { page } = watched;
    await page.getByRole("link", { name: "Tokens" }).click();
    await page.getByRole("radio", { name: "Deploy" }).click();
    await button(page, "New token").click();
    await page.getByLabel("Name", { exact: true }).fill("cluster");
    await page.getByLabel("User name (optional)").fill("not a name");
    await button(page, "Create token").click();
    // The server's word, at its field; what was typed is still there.
    await page.locator(".field", { hasText: "User name" }).locator(".field-error").waitFor();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("cluster");
    await page.getByLabel("User name (optional)").fill("cluster");
    // The session ends under it: the way in opens over the form, and what was typed is sent afterwards.
    await page.context().clearCookies();
    await button(page, "Create token").click();
    await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
    await signIn(watched, weir.token);
    const shown = page.locator(".token-secret code");
    await shown.first().waitFor();
    const [secret = "", login = ""] = await shown.allTextContents();
    expect(secret).toMatch(/^weir_gdt_\w+$/);
    expect(login).toBe(`docker login ${weir.host} --username cluster`);
    await checked(watched);
    await button(page, "I have copied it").click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(secret);

    const client = await lab.client(skopeo);
    const { byTag } = weir.names(lab.images.hello);
    succeed(await client.login(weir.host, "cluster", secret));
    succeed(await client.pull(byTag));
    await client.wipe();

    await button(page, "Revoke cluster").click();
    await button(page, "Revoke token").click();
    await page.getByText("No tokens in use").waitFor();
    const { code, output } = await client.pull(byTag);
    expect(code).not.toBe(0);
    expect(output).toMatch(/unauthorized|authentication required|not valid/i);
    await page.getByText("Show those that have ended").click();
    await page
      .getByRole("row", { name: /cluster/ })
      .getByText("Revoked")
      .waitFor();

    await page.getByRole("link", { name: "Audit log" }).click();
    await settled(page, "Audit log");
    const events = page.locator(".event");
    await events.filter({ hasText: "admin revoked the token cluster" }).waitFor();
    await events.filter({ hasText: "admin created the token cluster" }).waitFor();
    await page.getByRole("combobox", { name: "Action" }).fill("token.revoke");
    await page.keyboard.press("Escape");
    await button(page, "Filter").click();
    await events.filter({ hasText: "created the token" }).waitFor({ state: "detached" });
    await searched(page, { action: "token.revoke" });
    await events.filter({ hasText: "admin revoked the token cluster" }).waitFor();
    expect(await events.count()).toBe(1);
    await page.goBack();
    await events.filter({ hasText: "created the token" }).waitFor();
    await checked(watched);
  },
);

await e2e(
  "a member is added by search and changed; who comes second is told; a guest is offered nothing that is an owner's",
  { needs, seconds: 180 },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const { id } = await call(weir, "POST", "/users", { username: "ann", name: oddName });
    const fields = { name: "own", scopes: ["api"] };
    const made = await call(weir, "POST", `/users/${id}/personal_access_tokens`, fields);
    const browser = await browserOf(lab);
    const watched = await signedInPage(browser, weir);
    const { page } = watched;
    await page.goto("/members");
    await button(page, "Add member").click();
    await page.getByRole("combobox", { name: "User" }).fill("an");
    await page.getByRole("option", { name: /ann/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Add member" }).click();
    await page.getByRole("row", { name: /ann/ }).waitFor();
    // Between the form and its saving, somebody else changes the role.
    await button(page, "Change ann").click();
    await page.getByLabel("Ends on (optional)").fill("2098-01-01");
    await call(weir, "PUT", `/groups/default/members/${id}`, { access_level: 20 });
    await button(page, "Save role").click();
    await page.getByText("Somebody else has changed this meanwhile").waitFor();
    await button(page, "Load the newest").click();
    await page.getByText("Role: Reporter").waitFor();
    expect(await page.getByLabel("Ends on (optional)").inputValue()).toBe("2098-01-01");
    await checked(watched);
    await button(page, "Save role").click();
    await page.getByRole("row", { name: /ann/ }).getByText("Guest").waitFor();
    const member = await call(weir, "GET", `/groups/default/members/${id}`);
    expect([member["access_level"], member["expires_at"]]).toEqual([10, "2098-01-01"]);

    const guest = await watchedPage(browser, weir);
    await guest.page.goto("/members");
    await signIn(guest, String(made["token"]));
    await settled(guest.page, "Members");
    await guest.page.getByRole("row", { name: /ann/ }).waitFor();
    // The name is text, whatever is in it.
    await guest.page.getByText(oddName).waitFor();
    expect(await button(guest.page, /Add|Change|Remove/).count()).toBe(0);
    const menu = guest.page.getByRole("navigation", { name: "Console" });
    expect(await menu.getByRole("link").allTextContents()).not.toContain("Audit log");
    for (const [path, heading] of [
      ["/tokens?kind=deploy", "Tokens"],
      ["/audit", "Audit log"],
      ["/users", "Users"],
      ["/server", "Server"],
      ["/webhooks", "Webhooks"],
      ["/trust", "Sign-in and CI"],
    ] as const) {
      await guest.page.goto(path);
      await settled(guest.page, heading);
      await guest.page.getByText("This is not yours to see").waitFor();
    }
    await checked(guest);
  },
);

/** Somebody who is told. */
function receiver(): { url: string; seen: string[]; stop: () => Promise<void> } {
  const seen: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { type } = (await request.json()) as { type: string };
      seen.push(type);
      return new Response(null, { status: 204 });
    },
  });
  return { url: `${server.url}hook`, seen, stop: () => server.stop(true) };
}

const audience = "https://weir.example.com";

await e2e(
  "an issuer is trusted with its rules, a webhook is tested, and what is over a limit is seen before it goes",
  { needs, seconds: 180 },
  async (lab) => {
    const registry = await lab.registry();
    const issuer = await lab.issuer([audience]);
    const weir = await lab.weir({ upstream: registry.url });
    const told = receiver();
    lab.atEnd(told.stop);
    const client = await lab.client(skopeo);
    const { byTag } = weir.names(lab.images.hello);
    const idToken = () => issuer.idToken("job-1", { project_path: "acme/app", ref: "main" });
    expect((await client.login(weir.host, "oidc", await idToken())).code).not.toBe(0);

    const watched = await signedInPage(await browserOf(lab), weir);
    const { page } = watched;
    await page.goto("/trust/new");
    await page.getByLabel("Name", { exact: true }).fill("lab");
    await page.getByLabel("Issuer", { exact: true }).fill(issuer.url);
    await button(page, "Trust issuer").click();
    // A rule that claims nothing lets everybody in: the server says so, and of which rule.
    await page
      .getByRole("alert")
      .getByText(/rules\[0\]\.claims/)
      .waitFor();
    await page.getByLabel("Claim 1 of rule 1", { exact: true }).fill("project_path");
    await page.getByLabel("Value 1 of rule 1").fill("acme/**");
    await page.getByText("More settings").click();
    await page.getByLabel("Audiences").fill(audience);
    await button(page, "Trust issuer").click();
    await page.getByRole("row", { name: "lab" }).getByText("project_path = acme/**").waitFor();
    succeed(await client.login(weir.host, "oidc", await idToken()));
    succeed(await client.pull(byTag));
    await client.wipe();

    await page.goto("/webhooks");
    await button(page, "New webhook").click();
    await page.getByLabel("URL").fill(told.url);
    expect(await page.getByLabel("Secret").inputValue()).toMatch(/^whsec_[\w+/]{43}=$/);
    await button(page, "Create webhook").click();
    await settled(page, "Webhook");
    await button(page, "Send a test").click();
    const tests = page.getByRole("row").filter({ hasText: "A test" });
    await tests.getByText("Delivered", { exact: true }).waitFor();
    // What the pull has stored is noted within some seconds, and told if the webhook is there by then.
    expect(told.seen.filter((type) => type !== "cache.stored")).toEqual(["test"]);

    await page.goto("/groups/1");
    await page.getByLabel("At most (optional)").fill("a lot");
    await button(page, "Save limit").click();
    await page.getByText("This is no size").waitFor();
    await page.getByLabel("At most (optional)").fill("1 kB");
    await button(page, "Save limit").click();
    await page.getByText("of at most 1.0 kB").waitFor();
    await page.goto("/server");
    await button(page, "Preview eviction").click();
    const dialog = page.getByRole("dialog", { name: "What would be evicted now" });
    await dialog.getByText(/of at most 1.0 kB/).waitFor();
    await checked(watched);
    await button(page, "Evict now").click();
    await dialog.waitFor({ state: "detached" });
    await page.goto("/audit?scope=server&action=store.evict");
    await page.getByText("began an eviction from the store").waitFor();
    await checked(watched);
  },
);
