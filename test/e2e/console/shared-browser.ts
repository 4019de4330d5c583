import { afterAll } from "bun:test";
import type { Browser } from "playwright-core";
import type { Lab } from "../lab/lab.ts";
import { launch } from "./browser.ts";

let shared: Promise<Browser> | undefined;
afterAll(async () => (await shared)?.close());

/** A browser with nothing of anybody's in it: one for the tests of a file, each of which leaves nothing open. */
export async function browserOf(lab: Lab): Promise<Browser> {
  shared ??= launch();
  const browser = await shared;
  lab.atEnd(() => Promise.all(browser.contexts().map((context) => context.close())));
  return browser;
}
