import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import path from "node:path";
import { isSigned } from "../../fakes/receiver.ts";
import {
  all,
  create,
  createRegistry,
  forEachTest,
  receiver,
  secret,
  start,
  weir,
  within,
} from "./receiving.ts";

forEachTest();

describe("managing webhooks", () => {
  test("the secret is sealed, shown to nobody, and can be given anew", async () => {
    await start();
    const hook = await create({ events: ["registry.created"] });
    expect(JSON.stringify(hook)).not.toContain(secret);
    const stored = () => {
      const database = new Database(path.join(weir.dataDir, "weir.db"), { readonly: true });
      const row = database.query("select * from webhooks").get();
      database.close(true);
      return JSON.stringify(row);
    };
    expect(stored()).not.toContain(secret.slice(6));
    expect(stored()).toContain('"sealed_secret":"v1.');
    const second = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
    await weir.api("PATCH", `${all}/${hook.id}`, { secret: second });
    await createRegistry("mirror");
    await within(() => receiver.received.length > 0);
    expect(isSigned(receiver.received[0] ?? never(), second)).toBe(true);
    const audit = JSON.stringify(await weir.api("GET", "/audit_events"));
    expect(audit).toContain("webhook.update");
    expect(audit).not.toContain(second.slice(6));
    expect(audit).not.toContain("/hook");
    expect(weir.logLines.some((line) => JSON.stringify(line).includes(second.slice(6)))).toBe(
      false,
    );
  });

  test("a secret outlives another secret key, where the former one is given", async () => {
    const former = "a former secret key of some length, for tests";
    await start({ env: { WEIR_SECRET_KEY: former } });
    await create({ events: ["registry.created"] });
    await weir.halt();
    const { dataDir } = weir;
    const env = {
      WEIR_SECRET_KEY: "another secret key of some length, for tests",
      WEIR_SECRET_KEY_PREVIOUS: former,
    };
    await start({ dataDir, env });
    await weir.halt();
    await start({
      dataDir,
      env: { WEIR_SECRET_KEY: env.WEIR_SECRET_KEY },
    });
    await createRegistry("mirror");
    await within(() => receiver.received.length > 0);
    expect(isSigned(receiver.received[0] ?? never(), secret)).toBe(true);
  });

  test("what cannot be is refused by name", async () => {
    await start();
    const { url } = receiver;
    const refused: [object, string][] = [
      [{ url }, "secret is missing"],
      [{ url, secret: "whsec_short" }, "must be whsec_"],
      [{ url, secret: secret.slice(6) }, "must be whsec_"],
      [{ url: "ftp://x", secret }, "url"],
      [{ url: "https://a:b@example.com", secret }, "url"],
      [{ url, secret, events: ["registry.exploded"] }, "events[0]"],
      [{ url, secret, events: [] }, "events"],
      [{ url, secret, events: ["*", "*"] }, "has one twice"],
      [{ url, secret, ca: "x" }, "ca"],
    ];
    for (const [fields, text] of refused) {
      expect(JSON.stringify(await weir.api("POST", all, fields, 400))).toContain(text);
    }
    for (let i = 0; i < 20; i++) await create();
    const full = await weir.api("POST", all, { url, secret }, 400);
    expect(JSON.stringify(full)).toContain("has 20 webhooks already");
  });

  test("one of another group is not there", async () => {
    await start();
    const other = "/groups/other/-/virtual_registries/webhooks";
    const hook = await create();
    await weir.api("GET", `${other}/${hook.id}`, undefined, 404);
    await weir.api("DELETE", `${other}/${hook.id}`, undefined, 404);
  });
});

function never(): never {
  throw new Error("nothing was received");
}
