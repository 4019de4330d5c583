import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/contract.ts";
import type { SteppedClock } from "../fakes/clock.ts";
import { fetched, sampleRegistry } from "../fakes/metadata-samples.ts";
import { auditSuite } from "./metadata-audit.ts";
import { browsingSuite } from "./metadata-browsing.ts";
import { cleanupSuite } from "./metadata-cleanup.ts";
import { cacheSuite } from "./metadata-cache.ts";
import { credentialsSuite } from "./metadata-credentials.ts";
import { directorySuite } from "./metadata-directory.ts";
import { holdingsSuite } from "./metadata-holdings.ts";
import { identitySuite } from "./metadata-identity.ts";
import { listsSuite } from "./metadata-lists.ts";
import { groupSuite } from "./metadata-groups.ts";
import { managementSuite } from "./metadata-management.ts";
import { oidcIssuerSuite } from "./metadata-oidc-issuers.ts";
import { peopleSuite } from "./metadata-people.ts";
import { proofSuite } from "./metadata-proof.ts";
import { proxySuite } from "./metadata-proxies.ts";
import { renewalSuite } from "./metadata-renewals.ts";
import { spaceSuite } from "./metadata-space.ts";
import { ruleSuite } from "./metadata-rules.ts";
import { statisticsSuite } from "./metadata-statistics.ts";
import { purgeSuite } from "./metadata-purges.ts";
import { webhookSuite } from "./metadata-webhooks.ts";
import { workSuite } from "./metadata-work.ts";

/** An empty database, opened. */
export interface MetadataBed {
  metadata: Metadata;
  clock: SteppedClock;
  /** Closes it and opens the same data again. */
  reopen(): Promise<Metadata>;
  close(): Promise<void>;
}

/** What a part of the suite works with: `bed()` is new for each test. */
export interface MetadataBench {
  readonly metadata: Metadata;
  readonly clock: SteppedClock;
  reopen(): Promise<Metadata>;
  /** How far the generation rises while `work` runs. */
  raised(work: () => Promise<unknown>): Promise<number>;
}

/** Every promise of the contract, for one engine. */
export function metadataSuite(name: string, open: () => Promise<MetadataBed>): void {
  describe(`metadata on ${name}`, () => {
    let bed: MetadataBed;
    beforeEach(async () => {
      bed = await open();
    });
    afterEach(() => bed.close());

    const bench: MetadataBench = {
      get metadata() {
        return bed.metadata;
      },
      get clock() {
        return bed.clock;
      },
      reopen: () => bed.reopen(),
      async raised(work) {
        const before = await bed.metadata.generation();
        await work();
        return (await bed.metadata.generation()) - before;
      },
    };
    wholeSuite(bench);
    directorySuite(bench);
    credentialsSuite(bench);
    identitySuite(bench);
    peopleSuite(bench);
    cacheSuite(bench);
    holdingsSuite(bench);
    proofSuite(bench);
    renewalSuite(bench);
    listsSuite(bench);
    managementSuite(bench);
    browsingSuite(bench);
    ruleSuite(bench);
    groupSuite(bench);
    proxySuite(bench);
    auditSuite(bench);
    spaceSuite(bench);
    statisticsSuite(bench);
    purgeSuite(bench);
    cleanupSuite(bench);
    webhookSuite(bench);
    oidcIssuerSuite(bench);
    workSuite(bench);
  });
}

function wholeSuite(bench: MetadataBench): void {
  test("an empty database is ready and knows nothing", async () => {
    const { metadata } = bench;
    expect(await metadata.unready()).toBeUndefined();
    expect(await metadata.directory.groups()).toEqual([]);
    expect(await metadata.directory.registries()).toEqual([]);
    expect(await metadata.directory.registry(1)).toBeUndefined();
  });

  test("everything is there after opening it again, and the generation has not gone back", async () => {
    const { upstream, registry } = await sampleRegistry(bench.metadata);
    await bench.metadata.cache.storeManifest(fetched(upstream, "one"));
    const generation = await bench.metadata.generation();
    const metadata = await bench.reopen();
    expect(await metadata.directory.registries()).toEqual([registry]);
    expect(await metadata.cache.manifests([upstream.id], "library/alpine", "latest")).toHaveLength(
      1,
    );
    expect(await metadata.generation()).toBeGreaterThanOrEqual(generation);
  });

  test("pulling does not raise the generation", async () => {
    const { upstream } = await sampleRegistry(bench.metadata);
    const store = () => bench.metadata.cache.storeManifest(fetched(upstream, "one"));
    expect(await bench.raised(store)).toBe(0);
  });

  test("after closing it is not ready, and calls fail", async () => {
    const { metadata } = bench;
    await bench.reopen();
    expect(await metadata.unready()).toStartWith("does not answer");
    expect(metadata.directory.groups()).rejects.toThrow();
  });
}
