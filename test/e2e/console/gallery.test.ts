import { expect } from "bun:test";
import path from "node:path";
import type { Page } from "playwright-core";
import { consolePolicy } from "../../../src/http/console/serving.ts";
import { e2e, type Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/processes.ts";
import { checked, chromiumHere, narrow, type WatchedPage, watch } from "./browser.ts";
import { browserOf } from "./shared-browser.ts";

/** Bundled once for all tests. */
let bundle: ReturnType<typeof bundled> | undefined;

async function bundled() {
  const { outputs } = await Bun.build({
    entrypoints: [path.join(import.meta.dir, "gallery/index.html")],
    target: "browser",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
    publicPath: "/",
  });
  return new Map(outputs.map((output) => [output.path.replace(/^\./, ""), output]));
}

/** A page with every piece that screens are made of, under the console's own policy. */
async function gallery(lab: Lab, size = { width: 1200, height: 900 }): Promise<WatchedPage> {
  const files = await (bundle ??= bundled());
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => {
      const { pathname } = new URL(url);
      const file = files.get(pathname === "/" ? "/index.html" : pathname);
      if (!file) return new Response(null, { status: 404 });
      return new Response(file, { headers: { "Content-Security-Policy": consolePolicy } });
    },
  });
  lab.atEnd(() => server.stop(true));
  const browser = await browserOf(lab);
  const watched = await watch(await browser.newContext({ viewport: size }));
  await watched.page.goto(server.url.href);
  await watched.page.getByText("entry 0", { exact: true }).waitFor();
  return watched;
}

for (const size of [{ width: 1200, height: 900 }, narrow]) {
  await e2e(
    `every piece is without fault, ${size.width} pixels wide`,
    { needs: [chromiumHere] },
    async (lab) => {
      const watched = await gallery(lab, size);
      await checked(watched);
    },
  );
}

/** Of Chromium's trace: what a thread did, or what it is called. */
interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Processor time of the thread alone, in microseconds: how busy the machine is does not count. None of a task that was under way at the beginning or the end. */
  tdur?: number;
  args: { name?: string };
}

/** The longest time for which the page did nothing else, in milliseconds of processor time, while this is done. */
async function longestTask(page: Page, doing: () => Promise<void>): Promise<number> {
  const browser = page.context().browser();
  if (!browser) throw new Error("the page is of no browser");
  // That alone: what is traced beside it by default is a hundred times as much.
  const categories = ["-*", "disabled-by-default-devtools.timeline"];
  await browser.startTracing(page, { categories });
  await doing();
  const { traceEvents: events } = JSON.parse(String(await browser.stopTracing())) as {
    traceEvents: TraceEvent[];
  };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const pages = new Set(
    events.filter(({ args }) => args.name === "CrRendererMain").map((event) => threadOf(event)),
  );
  const tasks = events.filter((event) => event.name === "RunTask" && pages.has(threadOf(event)));
  const times = tasks.flatMap(({ tdur }) => tdur ?? []);
  // Each step of scrolling is some.
  expect(times.length).toBeGreaterThan(60);
  return Math.max(...times) / 1000;
}

await e2e(
  "a list of a million scrolls and is searched, with only what is seen in the document",
  { needs: [chromiumHere] },
  async (lab) => {
    const { page } = await gallery(lab);
    const list = page.getByRole("region", { name: "All entries" });
    const shown = async () => (await list.locator(".virtual-row").allTextContents()).length;
    const longest = await longestTask(page, async () => {
      for (let i = 0; i < 60; i++) {
        await list.evaluate((element) => element.scrollBy(0, 3000));
        await page.waitForTimeout(20);
      }
      expect(await shown()).toBeLessThan(40);
      await page.getByRole("searchbox", { name: "Find entries" }).fill("77");
      await page.getByText("entry 77", { exact: true }).waitFor();
    });
    expect(await shown()).toBeLessThan(40);
    expect(longest).toBeLessThan(200);
    process.stdout.write(`the longest task: ${longest.toFixed(0)} ms\n`);
  },
);

await e2e(
  "in a list that is counted one is anywhere at once, by bar and keys; one that is not grows as one goes on",
  { needs: [chromiumHere] },
  async (lab) => {
    const { page } = await gallery(lab);
    const counted = page.getByRole("region", { name: "Counted entries", exact: true });
    const toEnd = (element: HTMLElement | SVGElement) => element.scrollTo(0, element.scrollHeight);
    await counted.evaluate(toEnd);
    await counted.getByText("Counted entries, entry 999999", { exact: true }).waitFor();
    const last = counted.getByRole("listitem").last();
    expect(await last.getAttribute("aria-posinset")).toBe("1000000");
    await counted.focus();
    await page.keyboard.press("PageUp");
    await counted.getByText("Counted entries, entry 999991", { exact: true }).waitFor();
    await page.keyboard.press("ArrowUp");
    await counted.getByText("Counted entries, entry 999986", { exact: true }).waitFor();
    await page.keyboard.press("Home");
    await counted.getByText("Counted entries, entry 0", { exact: true }).waitFor();
    const uncounted = page.getByRole("region", { name: "Uncounted entries" });
    const lastSeen = uncounted.getByText(/entry \d+$/).last();
    await waitFor("the third page", async () => {
      await uncounted.evaluate(toEnd);
      const text = await lastSeen.textContent();
      return Number(/entry (\d+)$/.exec(text ?? "")?.[1]) >= 299;
    });
  },
);

await e2e(
  "a form has all that is typed, puts the server's words at their fields, and keeps what was typed",
  { needs: [chromiumHere] },
  async (lab) => {
    const watched = await gallery(lab);
    const { page } = watched;
    const save = page.getByRole("button", { name: "Save" });
    const sent = () => page.locator("output").textContent();
    await save.click();
    expect(await sent()).toBe("");
    await page.getByLabel("Name").fill("invalid");
    await page.getByLabel("URL").fill("nonsense");
    await page.getByText("Library prefix").click();
    await save.click();
    expect(JSON.parse((await sent()) ?? "")).toMatchObject({
      name: "invalid",
      url: "nonsense",
      preset: "ghcr",
      library: "on",
    });
    await page.locator(".field-error").getByText("is not a URL").waitFor();
    const described = await page.getByLabel("URL").getAttribute("aria-describedby");
    const texts = await Promise.all(
      (described ?? "").split(" ").map((id) => page.locator(`[id="${id}"]`).textContent()),
    );
    expect(texts).toContain("is not a URL");
    await checked(watched, { within: "form" });
    await page.getByLabel("URL").fill("https://ghcr.io");
    await page.getByLabel("Name").fill("conflict");
    await save.click();
    await page.getByText("Somebody else has changed this meanwhile").waitFor();
    expect(await page.getByLabel("URL").inputValue()).toBe("https://ghcr.io");
    await page.getByRole("button", { name: "Load the newest" }).click();
    await page.getByText("Loaded", { exact: true }).waitFor();
    await checked(watched, { within: "form" });
  },
);

await e2e(
  "what cannot be undone needs the name typed; names are text, whatever is in them",
  { needs: [chromiumHere] },
  async (lab) => {
    const watched = await gallery(lab);
    const { page } = watched;
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const dialog = page.getByRole("alertdialog", { name: "Delete this registry?" });
    await checked(watched, "screen");
    await dialog.getByLabel("To confirm, type acme/tools").fill("acme");
    await dialog.getByRole("button", { name: "Delete registry" }).click();
    await dialog.getByText("This is not acme/tools.").waitFor();
    await dialog.getByLabel("To confirm, type acme/tools").fill("acme/tools");
    await dialog.getByRole("button", { name: "Delete registry" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("The registry is deleted.").waitFor();
    await page.getByRole("button", { name: /Preset/ }).click();
    await page.getByRole("option", { name: "<b>" }).waitFor();
    await checked(watched, "screen");
  },
);
