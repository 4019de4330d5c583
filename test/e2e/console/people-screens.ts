import type { Page } from "playwright-core";
import { settled } from "./browser.ts";
import type { Screen } from "./screens.ts";

const wideToo = ["members", "user", "audit", "server"];
const likeOthers = ["tokens-personal", "tokens-group", "members-inherited", "issuer-new"];

const at = (name: string, path: string, heading: string, more?: Screen["reach"]): Screen => ({
  name,
  path,
  ...(likeOthers.includes(name)
    ? { axe: "none" as const }
    : !wideToo.includes(name) && { axe: "narrow" as const }),
  reach: async (page, weir) => {
    await settled(page, heading);
    await more?.(page, weir);
  },
});

/** Opens a dialog by its button. */
const open = (button: string, title: string) => async (page: Page) => {
  await page.getByRole("button", { name: button, exact: true }).click();
  await page.getByRole("heading", { name: title }).waitFor();
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
};

/** People, tokens, and what administrators see of the server. */
export const peopleScreens: readonly Screen[] = [
  at("tokens-personal", "/tokens", "Tokens"),
  at("tokens-group", "/tokens?kind=group", "Tokens"),
  at("tokens-deploy", "/tokens?kind=deploy&ended=1", "Tokens"),
  at("token-new", "/tokens?kind=deploy", "Tokens", open("New token", "New deploy token")),
  at("token-secret", "/tokens", "Tokens", async (page) => {
    await open("New token", "New personal access token")(page);
    await page.getByLabel("Name", { exact: true }).fill("laptop");
    await page.getByRole("button", { name: "Create token" }).click();
    await page.getByRole("button", { name: "I have copied it" }).waitFor();
  }),
  at("members", "/members", "Members"),
  at("members-inherited", "/members?in=default/tools", "Members"),
  at("member-new", "/members", "Members", open("Add member", "Add a member to default")),
  at("member-change", "/members", "Members", open("Change ann", "Role of ann")),
  at("all-groups", "/groups", "Groups"),
  at("group", "/groups/1", "default"),
  at("users", "/users", "Users"),
  at("user", "/users/2", "ann"),
  at("trust", "/trust", "Sign-in and CI"),
  at("issuer", "/trust/1", "Trusted issuer"),
  at("issuer-new", "/trust/new", "Trust an issuer"),
  at("audit", "/audit?scope=server", "Audit log"),
  at("webhooks", "/webhooks", "Webhooks"),
  at("webhook", "/webhooks/1", "Webhook"),
  at("webhook-new", "/webhooks", "Webhooks", open("New webhook", "New webhook of default")),
  at("server", "/server", "Server"),
  at("eviction", "/server", "Server", open("Preview eviction", "What would be evicted now")),
];
