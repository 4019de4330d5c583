import { expect } from "bun:test";
import { skopeo } from "../lab/clients/index.ts";
import { verifyCopy } from "../lab/clients/skopeo.ts";
import { e2e, fromClone } from "../lab/lab.ts";
import { environment, run } from "../lab/processes.ts";
import { checked, chromiumHere, narrow, settled, signIn, watchedPage } from "./browser.ts";
import { browserOf } from "./shared-browser.ts";

await e2e(
  "who has nothing but the printed token gets by the console alone to a first pull with the commands that it shows",
  { needs: [skopeo, chromiumHere], seconds: 150 },
  async (lab) => {
    const registry = await lab.registry();
    // With the console that a clone bundles.
    const weir = await lab.weir({ upstream: registry.url, ...fromClone });
    const watched = await watchedPage(await browserOf(lab), weir, narrow);
    const { page } = watched;
    await page.goto("/");
    await signIn(watched, weir.token);
    // Nothing was pulled yet: the welcome comes by itself.
    await settled(page, "Your first pull");
    // It can be left, does not come by itself again, and is found from the overview.
    await page.getByRole("button", { name: "Leave this for now" }).click();
    await settled(page, "Overview");
    await page.reload();
    await settled(page, "Overview");
    await page.getByRole("link", { name: "To the first pull" }).click();
    await settled(page, "Your first pull");
    await page.getByRole("button", { name: /^Test / }).click();
    await page.getByText("It answers", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Next: a token" }).click();
    await page.getByRole("button", { name: "Make a token" }).click();
    const made = await page.locator(".copyable code").textContent();
    expect(made).toMatch(/^weir_pat_\w+$/);
    await checked(watched);
    // A pull that fails is told by the stream alone: to those who listen.
    const listening = page.waitForResponse(/\/container\/events\?/);
    await page.getByRole("button", { name: "Next: the first pull" }).click();
    await page.getByText("Waiting for a pull…").waitFor();
    await listening;
    const { repository, tag } = lab.images.hello;
    await page.getByRole("radio", { name: "Skopeo" }).click();
    // A pull that fails says why, and what to do.
    const wrong = `${weir.host}/virtual_registries/container/1/library/no-such-image:1`;
    const client = await lab.client(skopeo);
    await client.login(weir.host, "admin", weir.token);
    expect((await client.pull(wrong)).code).not.toBe(0);
    await page.getByText("library/no-such-image:1").waitFor();
    await page.getByText("What to do:").waitFor();
    await page.getByLabel("Image").fill(`${repository}:${tag}`);
    const shown = page.locator(".code-block pre");
    await shown.filter({ hasText: `${repository}:${tag}` }).waitFor();
    const commands = await shown.allTextContents();
    expect(commands[0]).toContain(made ?? "no token");
    const folder = lab.folder();
    const env = environment(folder, { REGISTRY_AUTH_FILE: `${folder}/auth.json` });
    for (const command of commands) {
      const { code, output } = await run(["sh", "-ec", `cd ${folder}; ${command}`], env);
      expect([command, code, code === 0 ? "" : output]).toEqual([command, 0, ""]);
    }
    await verifyCopy(`${folder}/image`);
    await page.getByText(`Pulled: ${repository}`).waitFor();
    await checked(watched);
    await page.getByRole("link", { name: "To the overview" }).click();
    await settled(page, "Overview");
    await page.getByText("Top repositories").waitFor();
    expect(await page.getByText("Nothing was pulled yet").count()).toBe(0);
  },
);
