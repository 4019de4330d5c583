// How long the console's page is busy at a time while somebody goes through very many entries of one upstream, in headless
// Chromium with a real server: node bin/bun.mjs bench/console-entries.ts [entries] [rounds]
// A million take some minutes and a gigabyte in the temporary folder. A task is long that takes 50 ms or more.
import { Database } from "bun:sqlite";
import path from "node:path";
import type { Page } from "playwright-core";
import { launch, signedInPage } from "../test/e2e/console/browser.ts";
import { Lab } from "../test/e2e/lab/lab.ts";
import { embedded, type Weir } from "../test/e2e/lab/weir.ts";
import { fillEntries } from "../test/fakes/many-entries.ts";
import { sqliteMetadata } from "../test/fakes/metadata-sqlite.ts";
import { figure, median, table } from "./stats.ts";

/** Milliseconds: no task of the page may take longer. */
const goal = 200;
const entries = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 3);
const wheels = 60;
const notchPixels = 1200;
const notchMs = 30;

interface Task {
  duration: number;
}

/** From before the first script on. */
const watching = () => {
  const tasks: Task[] = [];
  new PerformanceObserver((list) =>
    tasks.push(...list.getEntries().map(({ duration }) => ({ duration }))),
  ).observe({ type: "longtask", buffered: true });
  Object.assign(globalThis, { longTasks: tasks });
};

/** What is done at the list of all entries, each from where the one before has left it. */
const deeds: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  "open the list": async (page) => {
    await page.goto("/cache/1?view=entries");
    await shown(page, 0);
  },
  "scroll by the wheel": async (page) => {
    await page.locator(".virtual").hover();
    for (let i = 0; i < wheels; i++) {
      await page.mouse.wheel(0, notchPixels);
      await Bun.sleep(notchMs);
    }
    await rested(page);
  },
  "drag the bar to the end": async (page) => {
    for (let part = 1; part <= wheels; part++) {
      await page.locator(".virtual").evaluate((list, share) => {
        list.scrollTop = list.scrollHeight * share;
      }, part / wheels);
      await Bun.sleep(notchMs);
    }
    await shown(page, entries - 1);
  },
  "page up by keys": async (page) => {
    await page.locator(".virtual").focus();
    for (let i = 0; i < wheels; i++) await page.keyboard.press("PageUp");
    await rested(page);
  },
  "type a search": async (page) => {
    const search = page.getByRole("searchbox", { name: "Find entries" });
    await search.pressSequentially("image-1234/ ", { delay: 60 });
    await search.pressSequentially("manifests", { delay: 60 });
    await page
      .getByRole("link", { name: /\/image-1234[:@]/ })
      .first()
      .waitFor();
    await search.fill("nothing-like-it");
    await page.getByText("No entry has these words").waitFor();
    await search.fill("");
    await shown(page, 0);
  },
};

/** Until the row at this place is there, with what it is of. */
async function shown(page: Page, index: number): Promise<void> {
  await page.locator(`.virtual-row[aria-posinset="${index + 1}"] a`).waitFor();
}

/** Until nothing that is seen is still to come. */
async function rested(page: Page): Promise<void> {
  await page.locator(".virtual-row a").first().waitFor();
  await page.locator(".row-to-come").first().waitFor({ state: "detached" });
}

/** A server with all of them, and its index of words, which takes it some minutes behind the pulls. */
async function filled(lab: Lab): Promise<Weir> {
  const registry = await lab.registry();
  const weir = await lab.weir({ upstream: registry.url, ...embedded });
  await weir.stop();
  const file = path.join(weir.data, "weir.db");
  const database = new Database(file);
  database.run("pragma synchronous = off");
  database.run("pragma cache_size = -400000");
  fillEntries(database, { groupId: 1, upstreamId: 1 }, entries);
  database.run("pragma wal_checkpoint(truncate)");
  database.close(true);
  const metadata = await sqliteMetadata(file);
  while ((await metadata.searchIndex.step()) !== undefined);
  await metadata.close();
  await weir.start();
  return weir;
}

/** Milliseconds; 0 where none was long. What was told is forgotten. */
async function longestTask(page: Page): Promise<number> {
  // What has just ended is told in a moment.
  await Bun.sleep(200);
  return page.evaluate(() => {
    const { longTasks } = globalThis as unknown as { longTasks: Task[] };
    return Math.max(0, ...longTasks.splice(0).map(({ duration }) => duration));
  });
}

/** Throws where a long task would not be told. */
async function requireSeen(page: Page): Promise<void> {
  const busyMs = 120;
  await page.evaluate(async (ms) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const end = performance.now() + ms;
    while (performance.now() < end);
  }, busyMs);
  const told = await longestTask(page);
  if (told < busyMs - 10) throw new Error(`a task of ${busyMs} ms was told as one of ${told} ms`);
}

const lab = await Lab.open();
const browser = await launch();
const longest: Record<string, number[]> = {};
try {
  const weir = await filled(lab);
  for (let round = 0; round < rounds; round++) {
    const { page } = await signedInPage(browser, weir);
    await page.addInitScript(watching);
    await page.goto("/cache/1");
    await page.locator(".virtual-row").first().waitFor();
    await requireSeen(page);
    for (const [deed, does] of Object.entries(deeds)) {
      await longestTask(page);
      await does(page);
      (longest[deed] ??= []).push(await longestTask(page));
    }
    await page.context().close();
  }
} finally {
  await browser.close();
  await lab.close();
}
const rows = Object.entries(longest).map(([deed, all]) => [
  deed,
  figure(median(all)),
  figure(Math.max(...all)),
]);
console.log(`${entries} entries, the longest task in milliseconds, ${rounds} rounds\n`);
console.log(table(["while one would", "median", "longest"], rows));
const isMissed = Object.values(longest)
  .flat()
  .some((ms) => ms > goal);
if (isMissed) console.log(`missed: no task over ${goal} ms`);
process.exit(isMissed ? 1 : 0);
