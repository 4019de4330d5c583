import { expect } from "bun:test";
import { skopeo } from "../lab/clients/index.ts";
import { verifyCopy } from "../lab/clients/skopeo.ts";
import { e2e } from "../lab/lab.ts";
import { environment, run } from "../lab/processes.ts";
import {
  browserOf,
  checked,
  chromiumHere,
  narrow,
  settled,
  signIn,
  watchedPage,
} from "./browser.ts";

await e2e(
  "who has nothing but the printed token gets by the console alone to a first pull with the commands that it shows",
  { needs: [skopeo, chromiumHere], seconds: 150 },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const watched = await watchedPage(await browserOf(lab), weir, narrow);
    const { page } = watched;
    await page.goto("/");
    await signIn(watched, weir.token);
    // Nothing was pulled yet: the welcome comes by itself.
    await settled(page, "Your first pull");
    await page.getByRole("button", { name: /^Test / }).click();
    await page.getByText("It answers", { exact: true }).waitFor();
    await checked(watched);
    await page.getByRole("button", { name: "Next: a token" }).click();
    await page.getByRole("button", { name: "Make a token" }).click();
    const made = await page.locator(".copyable code").textContent();
    expect(made).toMatch(/^weir_pat_\w+$/);
    await checked(watched);
    await page.getByRole("button", { name: "Next: the first pull" }).click();
    await page.getByText("Waiting for a pull…").waitFor();
    const { repository, tag } = lab.images.hello;
    await page.getByRole("radio", { name: "Skopeo" }).click();
    await page.getByLabel("Image").fill(`${repository}:${tag}`);
    const commands = await page.locator(".code-block pre").allTextContents();
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
    expect(await page.getByText("Nothing was pulled yet").count()).toBe(0);
  },
);

await e2e(
  "the welcome can be left, does not come again by itself, and is found from the overview",
  { needs: [chromiumHere], seconds: 90 },
  async (lab) => {
    const weir = await lab.weir({ upstream: "http://127.0.0.1:9" });
    const watched = await watchedPage(await browserOf(lab), weir);
    const { page } = watched;
    await page.goto("/");
    await signIn(watched, weir.token);
    await settled(page, "Your first pull");
    // What the test of a dead upstream says, and what to do about it.
    await page.getByRole("button", { name: /^Test / }).click();
    await page.getByText("unreachable - no connection to the upstream").waitFor();
    await page.getByText("Look at the host name and the port").waitFor();
    await page.getByRole("button", { name: "Leave this for now" }).click();
    await settled(page, "Overview");
    await page.reload();
    await settled(page, "Overview");
    await page.getByRole("link", { name: "To the first pull" }).click();
    await settled(page, "Your first pull");
    await page.goBack();
    await settled(page, "Overview");
    await checked(watched);
  },
);
