import { expect } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { removeTree } from "./lab/folders.ts";
import { conformance, contentOf, fill, readBack } from "./lab/conformance.ts";
import { e2e, isElsewhere } from "./lab/lab.ts";
import { ociServer } from "./lab/oci-server.ts";

/** Kept after the test: what the suite printed, and its report.html with every request and answer. */
const report = path.join(
  import.meta.dir,
  "../../.cache/e2e",
  isElsewhere ? "conformance-elsewhere" : "conformance",
);
const files = ["junit.xml", "report.html", "report.txt", "results.yaml"];
const repository = "conformance/one";

/** All that the suite has to say of what reads. It never asks for a range of a blob that it has not pushed itself. */
const verdicts = {
  "Blob get range": "Unknown",
  Ping: "Pass",
  "Tag listing": "Pass",
  "Manifest head by tag": "Pass",
  "Manifest head by digest": "Pass",
  "Manifest get by tag": "Pass",
  "Manifest get by digest": "Pass",
  "Blob head": "Pass",
  "Blob get": "Pass",
  Referrers: "Pass",
};

await e2e(
  "the OCI conformance suite finds nothing amiss with pulls and content discovery through Weir",
  { needs: [conformance, ociServer] },
  async (lab) => {
    const upstream = await lab.ociServer();
    await fill(upstream.host, repository, lab.folder());
    const content = await contentOf(upstream.url, repository);
    // Nothing that was pushed would mean nothing that is tested.
    expect(content.tags.length).toBeGreaterThan(10);
    expect(content.manifests.size).toBeGreaterThan(20);
    expect(content.blobs.size).toBeGreaterThan(20);
    expect(content.subjects.size).toBeGreaterThan(1);

    const weir = await lab.weir({ upstream: upstream.url });
    removeTree(report);
    mkdirSync(report, { recursive: true });
    const { apis, complaints, text } = await readBack(weir.host, {
      repository: `virtual_registries/container/1/${repository}`,
      folder: report,
      password: weir.token,
      content,
    });
    writeFileSync(path.join(report, "report.txt"), text);
    expect(complaints).toEqual([]);
    expect(text).toContain("OCI Conformance Result: Pass\n");
    const reading = Object.entries(apis).filter(([, verdict]) => verdict !== "Disabled");
    expect(Object.fromEntries(reading)).toEqual(verdicts);
    expect(readdirSync(report).toSorted()).toEqual(files);
  },
);
