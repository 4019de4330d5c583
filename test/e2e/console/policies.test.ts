import { expect } from "bun:test";
import { e2e } from "../lab/lab.ts";
import { waitFor } from "../lab/processes.ts";
import type { CountingProxy } from "../lab/proxy.ts";
import type { Weir } from "../lab/weir.ts";
import { checked, chromiumHere, settled, signedInPage, type WatchedPage } from "./browser.ts";
import { browserOf } from "./shared-browser.ts";
import { call } from "./people.ts";

await e2e(
  "prefetches images with live progress; sets policies, and tells of wrong days at their field and of what others have changed",
  { needs: [chromiumHere] },
  async (lab) => {
    const proxy = await lab.proxy(await lab.registry());
    const weir = await lab.weir({ upstream: proxy.url });
    const watched = await signedInPage(await browserOf(lab), weir);
    await prefetches(watched, proxy);
    await setsPolicies(weir, watched);
  },
);

async function prefetches(watched: WatchedPage, proxy: CountingProxy): Promise<void> {
  const { page } = watched;
  const followed: string[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/events")) followed.push(request.url());
  });
  await page.goto("/prefetches");
  await page.getByText("No prefetches yet").waitFor();
  await page.getByRole("button", { name: "New prefetch" }).click();
  await page.getByLabel("Images").fill("library/herd:latest\nnot an image:\n");
  await page.getByRole("button", { name: "Prefetch", exact: true }).click();
  await page.locator(".field-error").getByText("“image:” must be").waitFor();
  await checked(watched);
  await page.getByLabel("Images").fill("library/herd:latest\nlibrary/not-there:1");
  await page.getByText("Again and again", { exact: true }).click();
  await page.getByLabel("Every so many hours").fill("12");
  // It runs until the page follows it: one that has ended is not followed.
  proxy.limit(1 << 20);
  await page.getByRole("button", { name: "Prefetch", exact: true }).click();
  await settled(page, "Prefetch 1");
  await waitFor("the page to follow", () => followed.length > 0);
  await page.getByText(/^0 of 2 images, [1-9]\d* of/).waitFor();
  proxy.limit(Number.POSITIVE_INFINITY);
  await page.getByText("Done, 1 missing").waitFor();
  await page.getByText("no upstream of this registry has this manifest").waitFor();
  await page.getByText("1 of 2 images").waitFor();
  await page.getByText(/Every 12 h, next in 1\d hours/).waitFor();
  expect(followed).toHaveLength(1);
  await checked(watched);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete prefetch" }).click();
  await settled(page, "Prefetches");
  await page.getByText("No prefetches yet").waitFor();
  await page.goto("/cache/1?search=herd");
  await page.getByRole("link", { name: "library/herd" }).waitFor();
}

async function setsPolicies(weir: Weir, watched: WatchedPage): Promise<void> {
  const { page } = watched;
  const group = "/groups/default";
  const cleanup = `${group}/-/virtual_registries/cleanup/policy`;
  await page.goto("/policies");
  await settled(page, "Policies");
  const days = page.getByLabel("Delete what was not pulled for so many days");
  await days.fill("0");
  await page.getByText("Switched on", { exact: true }).first().click();
  await page.getByRole("button", { name: "Create policy" }).click();
  await page.locator(".field[data-invalid] .field-error").first().waitFor();
  await days.fill("20");
  await page.getByRole("button", { name: "See what would go now" }).click();
  await page.getByText("Nothing that is cached here fits.").waitFor();
  await page.getByRole("button", { name: "Create policy" }).click();
  await page.getByText("in 7 days").waitFor();
  const made = await call(weir, "GET", cleanup);
  expect([made["enabled"], made["keep_n_days_after_download"]]).toEqual([true, 20]);
  await page.getByRole("button", { name: "Save cleanup policy" }).waitFor();
  await call(weir, "PATCH", cleanup, { keep_n_days_after_download: 40 });
  await days.fill("50");
  await page.getByRole("button", { name: "Save cleanup policy" }).click();
  await page.getByText("Somebody else has changed this meanwhile").waitFor();
  expect(await days.inputValue()).toBe("50");
  await page.getByRole("button", { name: "Load the newest" }).click();
  await page.getByText("Days: 40").waitFor();
  await checked(watched);
  await page.getByRole("button", { name: "Save cleanup policy" }).click();
  await page.getByText("The cleanup policy is changed.").waitFor();
  expect((await call(weir, "GET", cleanup))["keep_n_days_after_download"]).toBe(50);
  await page.getByLabel("After so many days").fill("30");
  await page.getByText("Delete what nobody pulls").click();
  await page.getByRole("button", { name: "Save policy" }).click();
  await page.getByText("The policy is changed.").waitFor();
  const ttl = await call(weir, "GET", `${group}/dependency_proxy/ttl_policy`);
  expect(ttl).toEqual({ enabled: true, ttl: 30 });
  await page.getByRole("button", { name: "Empty its cache" }).click();
  await page.getByLabel("To confirm, type default").fill("default");
  await page.getByRole("button", { name: "Empty the cache" }).click();
  await page.getByText("The cache of the Dependency Proxy is being emptied").waitFor();
  await page.getByRole("button", { name: "Preview eviction" }).click();
  await page.getByText("Nothing is over a limit").waitFor();
  await checked(watched);
}
