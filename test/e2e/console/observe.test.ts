import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { bytesText } from "../../../web/ui/format.tsx";
import { skopeo, succeed } from "../lab/clients/index.ts";
import { e2e } from "../lab/lab.ts";
import type { Weir } from "../lab/weir.ts";
import { checked, chromiumHere, searched, settled, signedInPage } from "./browser.ts";
import { browserOf } from "./shared-browser.ts";

const needs = [chromiumHere, skopeo];
/** Markup, right-to-left, and what has no room. */
const wildName = `<img src=x onerror=alert(1)> מראה 🦊 ${"long".repeat(20)}`;

/** The lines of the log that have this text. */
const lines = (page: Page, text: string | RegExp) =>
  page.getByRole("list", { name: "Pulls, the newest first" }).getByRole("link", { name: text });

async function explain(page: Page, image: string): Promise<void> {
  await page.getByLabel("Image", { exact: true }).fill(image);
  await page.getByRole("button", { name: "Explain", exact: true }).click();
}

/** As if the window were covered, or were not any more. */
function look(page: Page, state: "hidden" | "visible"): Promise<void> {
  return page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

async function rename(weir: Weir, name: string): Promise<void> {
  const path = "/api/v4/virtual_registries/container/upstreams/1";
  const answer = await fetch(weir.url + path, {
    method: "PATCH",
    headers: { "PRIVATE-TOKEN": weir.token, "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

await e2e(
  "pulls are seen as they end, a failure with its reason; explain says what the pull does that follows",
  { needs, seconds: 120 },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    await rename(weir, wildName);
    const watched = await signedInPage(await browserOf(lab), weir);
    const { page } = watched;
    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "admin", weir.token));
    const pull = async (reference: string) => {
      await client.wipe();
      return (await client.pull(reference)).code === 0;
    };
    const { byTag } = weir.names(lab.images.hello);
    const wrong = byTag.replace(/:[^:]+$/, ":no-such-tag");

    await page.goto("/live");
    await page.getByText("No pull yet").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await pull(byTag)).toBe(true);
    await lines(page, /Miss library\/hello:latest/).waitFor();
    // Manifest, configuration and layer: what came after holding would be counted below.
    await lines(page, /library\/hello/)
      .nth(2)
      .waitFor();
    expect(await page.locator(".live-row").getByText(wildName).count()).toBeGreaterThan(0);

    // Held, nothing moves; what comes meanwhile is counted, and there when one goes on.
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await pull(wrong)).toBe(false);
    await page.getByText("Held; 1 more pull, 1 of them failed since").waitFor();
    expect(await lines(page, /no-such-tag/).count()).toBe(0);
    await page.getByRole("button", { name: "Go on" }).click();
    await lines(page, /no-such-tag.*no upstream of this registry has this manifest/).waitFor();

    // Filters are in the address, and the way back has them.
    await page.getByText("Failed only").click();
    await lines(page, /library\/hello:latest/).waitFor({ state: "detached" });
    await page.waitForURL(({ search }) => search === "?failed=true");
    await lines(page, /no-such-tag/).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("What to do: check name and tag at the upstream itself").waitFor();
    await dialog.getByText("admin").waitFor();
    const requestId = (await dialog.locator(".copyable code").textContent()) ?? "";
    expect(requestId).not.toBe("");
    await weir.logged(requestId);
    await page.goBack();
    await dialog.waitFor({ state: "detached" });
    await page.goForward();
    await dialog.getByRole("link", { name: "Explain this pull" }).click();
    await settled(page, "Explain");
    await page.getByText("refused: no upstream that is asked has it").waitFor();
    await page.getByText("What to do: check name and tag at the upstream itself").waitFor();

    // Cached; not yet; and then it is.
    await explain(page, byTag);
    await page.getByText("from the cache, without asking the upstream").waitFor();
    await explain(page, "library/multi:latest");
    await page.getByText("from the upstream, and stored").waitFor();
    await searched(page, { image: "library/multi:latest" });
    expect(await pull(weir.names(lab.images.multi).byTag)).toBe(true);
    await page.reload();
    await page.getByText("from the cache, without asking the upstream").waitFor();
    await page.getByRole("link", { name: "Latest pulls of this repository" }).click();
    await lines(page, /Miss library\/multi:latest/).waitFor();
    expect(await pull(weir.names(lab.images.multi).byTag)).toBe(true);
    await lines(page, /Hit library\/multi:latest/).waitFor();
    await checked(watched);
  },
);

await e2e(
  "an upstream that is down and a server that starts anew are told plainly, and it goes on",
  { needs, seconds: 120 },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const watched = await signedInPage(await browserOf(lab), weir);
    const { page } = watched;
    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "admin", weir.token));
    const { byTag } = weir.names(lab.images.hello);
    succeed(await client.pull(byTag));
    await registry.stop();
    await page.goto("/");
    await page.getByText("Live", { exact: true }).waitFor();
    const { code } = await client.pull(weir.names(lab.images.multi).byTag);
    expect(code).not.toBe(0);
    const failures = page.locator(".failures");
    await failures.getByText("library/multi:latest").waitFor();
    await failures.getByText("What to do: see whether the upstream is up").first().waitFor();
    const health = page.getByRole("table", { name: "Health of the upstreams" });
    await health.getByText("What to do: see whether the upstream is up").waitFor();
    await health.getByRole("link", { name: "Its failed pulls" }).click();
    await lines(page, /Failed library\/multi:latest.*see whether the upstream is up/)
      .first()
      .waitFor();
    await page.goto("/explain?registry=1&image=library/multi:latest");
    await page.getByText("gave no definite answer").waitFor();
    await page.getByText("What to do: see whether the upstream is up").first().waitFor();

    await page.goto("/live");
    await lines(page, /library\/multi:latest/)
      .first()
      .waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await weir.stop();
    await page.getByText("The server does not answer").first().waitFor();
    await weir.start();
    await page.getByText("connected again at").waitFor();
    await page.locator(".banner").waitFor({ state: "detached" });
    await client.wipe();
    succeed(await client.pull(byTag));
    await page.getByText("The server was started anew here").waitFor();
    await lines(page, /Hit library\/hello:latest/).waitFor();
    await lines(page, /library\/multi:latest/)
      .first()
      .waitFor();
    await checked(watched);
  },
);

await e2e(
  "the overview counts what was pulled, and shows what an upstream sends while it comes",
  { needs, seconds: 120 },
  async (lab) => {
    const registry = await lab.registry();
    const proxy = await lab.proxy(registry);
    const weir = await lab.weir({ upstream: proxy.url });
    const watched = await signedInPage(await browserOf(lab), weir);
    const { page } = watched;
    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "admin", weir.token));
    const { herd } = lab.images;
    const [image] = herd.platforms;
    const blobs = [...(image?.layers ?? []), ...(image ? [image.config] : [])];
    await page.getByText("Live", { exact: true }).waitFor();
    proxy.limit(2 << 20);
    const pulled = client.pull(weir.names(herd).byTag);
    const fill = page.getByRole("progressbar", { name: "Fill of library/herd" }).first();
    await fill.waitFor();
    await checked(watched);
    proxy.limit(Number.POSITIVE_INFINITY);
    succeed(await pulled);
    await page.getByText("Nothing is downloaded now").waitFor();
    await client.wipe();
    succeed(await client.pull(weir.names(herd).byTag));

    await page.getByRole("radio", { name: "1 hour" }).click();
    const objects = blobs.length + 1;
    await page.getByText(`${objects} of ${2 * objects} pulls`).waitFor();
    await page.getByText("50.0 %").first().waitFor();
    const bytes = blobs.reduce((sum, { size }) => sum + size, image?.manifest.size ?? 0);
    await page.getByText(`${bytesText(bytes)} came from upstreams`).waitFor();
    const row = page.getByRole("row", { name: "library/herd" });
    await row.filter({ hasText: `Pulls${2 * objects}Hit ratio50.0 %` }).waitFor();
    // The table behind the plot has the same.
    const pulls = page.locator("figure").first();
    await pulls.getByText("As a table").click();
    const columns = await pulls
      .locator("tbody tr")
      .evaluateAll((rows) =>
        rows.map((each) =>
          [...each.querySelectorAll("td")].map((cell) => Number(cell.textContent)),
        ),
      );
    const sums = [0, 1, 2].map((i) => columns.reduce((sum, row) => sum + (row[i] ?? 0), 0));
    expect(sums).toEqual([objects, objects, 0]);
    await checked(watched);

    // Nobody has looked at it for a minute: nothing is sent to it.
    await page.clock.install();
    await look(page, "hidden");
    await page.clock.fastForward(61_000);
    await page.getByText("At rest", { exact: true }).waitFor();
    await look(page, "visible");
    await page.getByText("Live", { exact: true }).waitFor();
  },
);
