import { expect } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { skopeo, succeed } from "../lab/clients/index.ts";
import { e2e, type Lab } from "../lab/lab.ts";
import type { UpstreamRegistry } from "../lab/registry.ts";
import type { Weir } from "../lab/weir.ts";
import {
  checked,
  chromiumHere,
  settled,
  signedInPage,
  signIn,
  type WatchedPage,
  watchedPage,
} from "./browser.ts";
import { browserOf } from "./shared-browser.ts";
import { pushOddImage } from "./odd-image.ts";
import { call, oddName } from "./people.ts";

const needs = [chromiumHere, skopeo];
const repository = "library/odd";

interface Stage {
  registry: UpstreamRegistry;
  weir: Weir;
  watched: WatchedPage;
  digest: string;
  browser: Browser;
}

/** An image of markup that was pulled by three tags, with its SBOM; the administrator looks on. */
async function stage(lab: Lab): Promise<Stage> {
  const registry = await lab.registry({ storage: lab.folder(), writable: true });
  const tags = ["v1", "old-1", "old-2"];
  const digest = await pushOddImage(registry.url, { repository, tags, text: "first" });
  const weir = await lab.weir({ upstream: registry.url });
  await call(weir, "PATCH", "/virtual_registries/container/upstreams/1", { name: oddName });
  const client = await lab.client(skopeo);
  succeed(await client.login(weir.host, "admin", weir.token));
  for (const tag of [...tags, `${digest.replace(":", "-")}.sbom`]) {
    succeed(await client.pull(weir.names({ repository, tag, digest, platforms: [] }).byTag));
  }
  const browser = await browserOf(lab);
  return { registry, weir, watched: await signedInPage(browser, weir), digest, browser };
}

const toRepository = (page: Page) =>
  page.goto(`/cache/1/repository?${new URLSearchParams({ name: repository })}`);

/** The row of a table that has these texts. */
const rowOf = (page: Page, name: string, text: string) =>
  page.getByRole("row").filter({ hasText: name }).filter({ hasText: text });

/** Opens the page of a tag. */
async function toTag(page: Page, tag: string): Promise<void> {
  await toRepository(page);
  await page.getByRole("link", { name: tag, exact: true }).click();
  await page.waitForURL("**/entries/*");
  await settled(page, `${repository}:${tag}`);
}

/** The page's next deletion of an entry waits until somebody else has done this. */
async function outrun(page: Page, others: () => Promise<unknown>): Promise<void> {
  let isDone = false;
  await page.route("**/cache_entries/*", async (route) => {
    if (route.request().method() === "DELETE" && !isDone) {
      isDone = true;
      await others();
    }
    await route.continue();
  });
}

await e2e(
  "what was pulled is found down to its layers, pinned, refreshed; purged alone and by a pattern, after seeing what goes",
  { needs, seconds: 150 },
  async (lab) => {
    const seen = await stage(lab);
    await looksAndPins(seen);
    await purges(seen);
    await offersReadersNothing(seen);
  },
);

async function looksAndPins({ registry, watched, digest }: Stage): Promise<void> {
  const { page } = watched;
  await page.goto("/cache");
  await page.getByRole("link", { name: oddName }).click();
  await settled(page, oddName);
  await page.getByRole("searchbox", { name: "Find a repository" }).fill("ODD nothing");
  await page.getByText("No repository has these words").waitFor();
  await page.getByRole("searchbox", { name: "Find a repository" }).fill("ODD");
  await page.getByRole("link", { name: repository }).waitFor();
  await page.waitForURL((url) => url.search === "?search=ODD");
  await page.getByRole("link", { name: repository }).click();
  await settled(page, repository);
  await page.getByRole("link", { name: "v1", exact: true }).click();
  await settled(page, `${repository}:v1`);
  await page.getByText(digest, { exact: true }).waitFor();
  await rowOf(page, "SBOM", "Cached").waitFor();
  await rowOf(page, "linux/arm64", "Not cached").waitFor();
  await page.getByText(oddName, { exact: true }).last().waitFor();
  expect(await page.locator("b[onclick]").count()).toBe(0);
  await checked(watched);
  await page
    .getByRole("row", { name: /linux\/amd64/ })
    .getByRole("link")
    .click();
  await rowOf(page, "Layer 1", "Cached").waitFor();
  await page.goBack();
  await settled(page, `${repository}:v1`);
  await page.getByRole("link", { name: "Explain a pull" }).click();
  await page.getByText("A pull now is answered from the cache").waitFor();
  await page.goBack();
  await settled(page, `${repository}:v1`);
  await page.getByRole("button", { name: "Pin", exact: true }).click();
  await page.getByText("Pinned", { exact: true }).first().waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Unpin" }).waitFor();
  const second = await pushOddImage(registry.url, { repository, tags: ["v1"], text: "second" });
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByText("the tag has moved").waitFor();
  await page.getByText(second, { exact: true }).waitFor();
  await page.getByRole("button", { name: "Unpin" }).waitFor();
  await registry.stop();
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByText("The tag was not read anew").waitFor();
  await checked(watched);
}

async function purges({ weir, watched }: Stage): Promise<void> {
  const { page } = watched;
  await toTag(page, "old-2");
  const id = decodeURIComponent(page.url().split("/").at(-1) ?? "");
  await page.getByRole("button", { name: "Purge" }).click();
  // Somebody else is faster, and pins it. Not earlier: the page reads it anew by itself.
  const pin = `/virtual_registries/container/cache_entries/${id}/pin`;
  await outrun(page, () => call(weir, "POST", pin));
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("button", { name: "Purge" }).click();
  await dialog.getByText("Somebody else has changed this meanwhile").waitFor();
  await dialog.getByText("It is pinned").waitFor();
  await dialog.getByRole("button", { name: "Purge" }).click();
  await settled(page, repository);
  await page.getByRole("link", { name: "old-1", exact: true }).waitFor();
  await page.getByRole("link", { name: "old-2" }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Purge" }).click();
  await page.getByLabel("Pattern").fill(`${repository}:{old`);
  await page.getByRole("button", { name: "See what goes" }).click();
  await page.locator(".field-error").getByText("is invalid").waitFor();
  await page.getByLabel("Pattern").fill(`${repository}:none*`);
  await page.getByRole("button", { name: "See what goes" }).click();
  await page.getByText("Nothing that is cached here fits").waitFor();
  await page.getByLabel("Pattern").fill(`${repository}:*`);
  await page.getByRole("button", { name: "See what goes" }).click();
  // The tag old-1 and that of the SBOM; v1 is pinned.
  await page.getByRole("button", { name: "Purge 2 entries" }).click();
  await checked(watched);
  await dialog.getByLabel(/^To confirm, type/).fill("something else");
  await dialog.getByRole("button", { name: "Purge" }).click();
  await dialog.getByText(`This is not ${repository}:*.`).waitFor();
  await dialog.getByLabel(/^To confirm, type/).fill(`${repository}:*`);
  await dialog.getByRole("button", { name: "Purge" }).click();
  await dialog.waitFor({ state: "detached" });
  await toRepository(page);
  await page.getByText("1 tag", { exact: true }).waitFor();
}

async function offersReadersNothing({ weir, watched, browser }: Stage): Promise<void> {
  await toTag(watched.page, "v1");
  await call(weir, "POST", "/users", { username: "ann", name: "Ann" });
  await call(weir, "POST", "/groups/default/members", { user_id: 2, access_level: 10 });
  const { token } = await call(weir, "POST", "/users/2/personal_access_tokens", {
    name: "api",
    scopes: ["api"],
  });
  const reader = await watchedPage(browser, weir);
  await reader.page.goto(watched.page.url());
  await signIn(reader, String(token));
  await settled(reader.page, `${repository}:v1`);
  await reader.page.getByText("linux/amd64").waitFor();
  expect(await reader.page.getByRole("button", { name: /^(Unpin|Refresh|Purge)$/ }).count()).toBe(
    0,
  );
  await reader.page.goto("/policies");
  await reader.page.getByText("This is not yours to see").waitFor();
  await checked(reader);
}
