// How long the console takes to be seen and to be of use, in headless Chromium with an empty cache:
//   node bin/bun.mjs bench/console.ts [rounds]
// First paint: its first contents. Interactive: the form to sign in takes the focus; the overview shows its numbers.
import type { Browser, Page } from "playwright-core";
import { launch, settled, signIn } from "../test/e2e/console/browser.ts";
import { furnished } from "../test/e2e/console/stage.ts";
import { Lab } from "../test/e2e/lab/lab.ts";
import type { Weir } from "../test/e2e/lab/weir.ts";
import { median } from "./stats.ts";

interface Times {
  paint: number;
  interactive: number;
  longestTask: number;
  bytes: number;
}

/** The goals of the console, in milliseconds. */
const goals = { paint: 1000, interactive: 1500 };
const rounds = Number(process.argv[2] ?? 5);

/** Watches from before the first script on. */
const watching = () => {
  const tasks: number[] = [];
  new PerformanceObserver((list) =>
    tasks.push(...list.getEntries().map(({ duration }) => duration)),
  ).observe({ type: "longtask", buffered: true });
  Object.assign(globalThis, { longTasks: tasks });
};

async function timesOf(page: Page, interactive: number): Promise<Times> {
  return page.evaluate((interactive) => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    const loads = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    const { longTasks } = globalThis as unknown as { longTasks: number[] };
    return {
      paint: paint?.startTime ?? Number.NaN,
      interactive,
      longestTask: Math.max(0, ...longTasks),
      bytes: loads.reduce((sum, { transferSize }) => sum + transferSize, 0),
    };
  }, interactive);
}

/** Milliseconds from the start of the navigation to when this selector is there, as the page itself has it. */
function until(page: Page, selector: string): Promise<number> {
  return page
    .waitForFunction(
      (selector) => document.querySelector(selector) && performance.now(),
      selector,
      {
        polling: "raf",
      },
    )
    .then((handle) => handle.jsonValue() as Promise<number>);
}

async function measure(browser: Browser, weir: Weir): Promise<Record<string, Times>> {
  const context = await browser.newContext({ baseURL: weir.url });
  await context.addInitScript(watching);
  const page = await context.newPage();
  await page.goto("/", { waitUntil: "commit" });
  const signInTimes = await timesOf(page, await until(page, "input:focus"));
  await signIn({ page, problems: [] }, weir.token);
  await settled(page, "Overview");
  // Signed in, and nothing of the console in the cache.
  const cookies = await context.cookies();
  await context.close();
  const fresh = await browser.newContext({ baseURL: weir.url });
  await fresh.addCookies(cookies);
  await fresh.addInitScript(watching);
  const second = await fresh.newPage();
  await second.goto("/", { waitUntil: "commit" });
  const overviewTimes = await timesOf(second, await until(second, ".table tbody tr"));
  await fresh.close();
  return { "sign-in": signInTimes, overview: overviewTimes };
}

const lab = await Lab.open();
const browser = await launch();
const missed: string[] = [];
try {
  const weir = await furnished(lab);
  const all: Record<string, Times>[] = [];
  for (let i = 0; i < rounds; i++) all.push(await measure(browser, weir));
  for (const screen of ["sign-in", "overview"]) {
    const of = (field: keyof Times) =>
      median(all.map((each) => each[screen]?.[field] ?? Number.NaN));
    process.stdout.write(
      `${screen}: first paint ${of("paint").toFixed(0)} ms, interactive ${of("interactive").toFixed(0)} ms, ` +
        `longest task ${of("longestTask").toFixed(0)} ms, ${(of("bytes") / 1000).toFixed(0)} kB (medians of ${rounds})\n`,
    );
    if (of("paint") > goals.paint) missed.push(`${screen}: first paint`);
    if (of("interactive") > goals.interactive) missed.push(`${screen}: interactive`);
  }
} finally {
  await browser.close();
  await lab.close();
}
for (const goal of missed) process.stdout.write(`missed: ${goal}\n`);
process.exit(missed.length > 0 ? 1 : 0);
