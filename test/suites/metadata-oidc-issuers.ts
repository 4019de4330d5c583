import { describe, expect, test } from "bun:test";
import { maxOidcIssuers, type OidcIssuer } from "../../src/metadata/contract.ts";
import type { MetadataBench } from "./metadata.ts";

const always = { unmodifiedSince: undefined };
const page = { words: [], page: 1, perPage: 100 };
const invalid = (field: string, text: string) =>
  expect.objectContaining({ problem: "refused", invalid: { field, text } });

const issuer = (name: string, changes: Partial<OidcIssuer> = {}): OidcIssuer => ({
  name,
  issuer: `https://${name}.example.com`,
  jwksUri: undefined,
  audiences: undefined,
  algorithms: ["RS256"],
  ca: undefined,
  leewaySeconds: 30,
  requiredClaims: {},
  rules: [{ claims: { project_path: "acme/**" }, group: "default", pull: ["registries"] }],
  ...changes,
});

/** Whose id tokens count. */
export function oidcIssuerSuite(bench: MetadataBench): void {
  const open = async () => {
    await bench.metadata.directory.saveGroup({ path: "default", name: "default" });
    const { oidcIssuers: trust, management, audit } = bench.metadata;
    const facts = async () =>
      (await audit.list({}, { page: 1, perPage: 100 })).items
        .filter(({ subject }) => subject.kind === "oidc_issuer")
        .map(({ action, subject, details }) => [action, subject.name, details]);
    return { trust, issuers: management.oidcIssuers, facts };
  };

  describe("issuers of id tokens", () => {
    test("are made, changed and removed: each change counts at once, and is on record", async () => {
      const { trust, issuers, facts } = await open();
      expect(await trust.trusted()).toEqual([]);
      const given = issuer("forge", {
        jwksUri: "https://keys.example.com",
        audiences: ["a"],
        ca: "PEM",
        requiredClaims: { a: ["b", "c*"], d: { e: "f" } },
      });
      let id = 0;
      const made = await bench.raised(async () => ({ id } = await issuers.create(given)));
      expect(made).toBe(1);
      expect(await trust.trusted()).toEqual([given]);
      expect(await trust.trusted()).toBe(await trust.trusted());
      bench.clock.step(5000);
      const change = () => issuers.change(id, (present) => ({ ...present, leewaySeconds: 5 }));
      expect(await bench.raised(change)).toBe(1);
      expect(await bench.raised(change)).toBe(0);
      expect(await trust.trusted()).toEqual([{ ...given, leewaySeconds: 5 }]);
      const record = await issuers.get(id);
      expect((record?.updatedAt ?? 0) - (record?.createdAt ?? 0)).toBe(5000);
      expect(await bench.raised(() => issuers.remove(id, always))).toBe(1);
      expect(await issuers.remove(id, always)).toBe("absent");
      expect(await issuers.change(id, () => given)).toBeUndefined();
      expect(await trust.trusted()).toEqual([]);
      expect(await facts()).toEqual([
        ["oidc_issuer.delete", "forge", {}],
        ["oidc_issuer.update", "forge", {}],
        ["oidc_issuer.update", "forge", { leeway_seconds: { from: 30, to: 5 } }],
        ["oidc_issuer.create", "forge", { issuer: given.issuer, rules: given.rules }],
      ]);
    });

    test("a name and an address are one issuer's, a rule's group is there, and there are not too many", async () => {
      const { issuers } = await open();
      const { id } = await issuers.create(issuer("a"));
      await issuers.create(issuer("b"));
      const taken = "has already been taken";
      expect(issuers.create(issuer("a"))).rejects.toEqual(invalid("name", taken));
      const same = issuer("c", { issuer: "https://a.example.com" });
      expect(issuers.create(same)).rejects.toEqual(invalid("issuer", taken));
      expect(issuers.change(id, () => issuer("b"))).rejects.toEqual(invalid("name", taken));
      const [rule] = issuer("a").rules;
      const rules = [rule, { ...rule, group: "nowhere" }] as OidcIssuer["rules"];
      const nowhere = invalid("rules[1].group", "is not the path of a group");
      expect(issuers.create(issuer("c", { rules }))).rejects.toEqual(nowhere);
      expect(issuers.change(id, (one) => ({ ...one, rules }))).rejects.toEqual(nowhere);
      expect(await issuers.list(page)).toMatchObject({ total: 2 });
      const found = await issuers.list({ ...page, words: ["B.example"] });
      expect(found).toMatchObject({ items: [{ name: "b" }], total: 1 });
      for (let n = 2; n < maxOidcIssuers; n++) await issuers.create(issuer(`i${n}`));
      const full = expect.objectContaining({ problem: "refused" });
      expect(issuers.create(issuer("last"))).rejects.toEqual(full);
      expect((await issuers.list({ ...page, page: 2, perPage: 60 })).items).toHaveLength(40);
    });

    test("are not changed by who has not seen them as they are, nor where what is made of them is refused", async () => {
      const { issuers, trust } = await open();
      const { id } = await issuers.create(issuer("a"));
      const other = { unmodifiedSince: undefined, tags: ["other"] };
      const changed = expect.objectContaining({ problem: "changed" });
      expect(issuers.change(id, (one) => one, other)).rejects.toEqual(changed);
      expect(issuers.remove(id, other)).rejects.toEqual(changed);
      const refuse = () => {
        throw new Error("not so");
      };
      expect(issuers.change(id, refuse)).rejects.toThrow("not so");
      expect(await trust.trusted()).toEqual([issuer("a")]);
    });

    test("are declared as often as one likes; what is declared wins", async () => {
      const { issuers, trust, facts } = await open();
      const declare = (given: OidcIssuer) => bench.raised(() => trust.declare(given));
      expect(await declare(issuer("a"))).toBe(1);
      expect(await declare(issuer("a"))).toBe(0);
      const { items } = await issuers.list(page);
      expect(items).toMatchObject([{ name: "a" }]);
      // Its name changes, it stays the same; and of a group that is not there nobody opens anything.
      const [rule] = issuer("a").rules;
      const rules = [{ ...rule, group: "nowhere" }] as OidcIssuer["rules"];
      expect(await declare(issuer("b", { issuer: "https://a.example.com", rules }))).toBe(1);
      expect((await issuers.get(items[0]?.id ?? 0))?.name).toBe("b");
      await issuers.create(issuer("c"));
      expect(await trust.declared()).toEqual(["b"]);
      // Two are in its way.
      const both = issuer("c", { issuer: "https://a.example.com" });
      expect(await declare(both)).toBe(1);
      expect(await trust.trusted()).toEqual([both]);
      expect(await trust.declared()).toEqual(["c"]);
      expect((await facts())[0]).toEqual([
        "oidc_issuer.declare",
        "c",
        { issuer: "https://a.example.com", replaced: "b" },
      ]);
      await bench.reopen();
      expect(await bench.metadata.oidcIssuers.trusted()).toEqual([both]);
    });
  });
}
