// Pictures of every screen: light and dark, wide and narrow, of a real server with real pulls.
//   node bin/bun.mjs scripts/screenshots.ts [part of a screen's name] [folder, else .cache/screenshots]
import { mkdirSync } from "node:fs";
import path from "node:path";
import { narrow, launch, signedInPage, watchedPage, wide } from "../test/e2e/console/browser.ts";
import { screens } from "../test/e2e/console/screens.ts";
import { furnished } from "../test/e2e/console/stage.ts";
import { Lab } from "../test/e2e/lab/lab.ts";

const [wanted = "", folder = path.join(import.meta.dir, "../.cache/screenshots")] =
  process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const lab = await Lab.open();
const browser = await launch();
try {
  const weir = await furnished(lab);
  for (const size of [wide, narrow]) {
    const { page: known } = await signedInPage(browser, weir, size);
    const { page: unknown } = await watchedPage(browser, weir, size);
    for (const screen of screens.filter(({ name }) => name.includes(wanted))) {
      const page = screen.isOpen ? unknown : known;
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.goto(screen.path);
        await screen.reach(page, weir);
        const file = `${screen.name}-${size.width}-${colorScheme}.png`;
        await page.screenshot({ path: path.join(folder, file), fullPage: true });
        process.stdout.write(`${file}\n`);
      }
    }
  }
} finally {
  await browser.close();
  await lab.close();
}
