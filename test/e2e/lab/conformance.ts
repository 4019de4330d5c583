import { environment, type Outcome, run } from "./processes.ts";
import { tool } from "./tools.ts";

/** The conformance suite of the OCI's distribution-spec, as a program. */
export const conformance = tool("conformance");

/** What a repository holds, for a suite that may only read it. */
export interface Content {
  tags: string[];
  manifests: Set<string>;
  blobs: Set<string>;
  /** Digests that a manifest there refers to as its subject. */
  subjects: Set<string>;
}

const readOnly = {
  OCI_API_BLOBS_DELETE: "false",
  OCI_API_MANIFESTS_DELETE: "false",
  OCI_API_TAGS_DELETE: "false",
};

/**
 * Lets the suite fill a repository with everything that it has: images, indexes in indexes, artifacts, referrers. What
 * it finds amiss there is a matter of that registry, and not looked at. The older one knows no sha512.
 */
export async function fill(host: string, repository: string, folder: string): Promise<void> {
  const env = { ...readOnly, OCI_DATA_SHA512: "false" };
  await runSuite(host, { repository, folder, env });
}

/** The suite's own words for one run: what it found of each part of the protocol, and all that it complains of. */
export interface Verdict {
  apis: Record<string, string>;
  complaints: string[];
  text: string;
}

interface ReadBack {
  repository: string;
  /** Where the report is left. */
  folder: string;
  password: string;
  content: Content;
}

/** Asks a registry for all of this content, and for what is not there. */
export async function readBack(host: string, options: ReadBack): Promise<Verdict> {
  const { content, password, ...rest } = options;
  const env = {
    ...readOnly,
    OCI_API_PUSH: "false",
    // Not of manifests: what it may only read it does not look at closely enough to find their header.
    OCI_API_BLOBS_DIGEST_HEADER: "true",
    OCI_USERNAME: "admin",
    OCI_PASSWORD: password,
    OCI_RO_DATA_TAGS: content.tags.join(" "),
    OCI_RO_DATA_MANIFESTS: [...content.manifests].join(" "),
    OCI_RO_DATA_BLOBS: [...content.blobs].join(" "),
    OCI_RO_DATA_REFERRERS: [...content.subjects].join(" "),
  };
  // Where it may not push, it prints its verdict on the whole and then falls over its own results; on the part that
  // reads content it writes them. So the verdict is what it prints, and its exit code says nothing.
  const { output } = await runSuite(host, { ...rest, env });
  const part = { OCI_FILTER_TEST: "OCI Conformance Test/read-only" };
  await runSuite(host, { ...rest, env: { ...env, ...part } });
  const table = /^API conformance:\n((?: {2}\S.*\n)+)/m.exec(output)?.[1] ?? "";
  const rows = [...table.matchAll(/^ {2}(.+?)\.*: +(\w+)$/gm)];
  return {
    apis: Object.fromEntries(rows.map(([, api = "", verdict = ""]) => [api, verdict])),
    complaints: output.split("\n").filter((line) => line.includes("level=WARN")),
    text: output,
  };
}

function runSuite(
  host: string,
  options: { repository: string; folder: string; env: Record<string, string> },
): Promise<Outcome> {
  const env = environment(options.folder, {
    OCI_REGISTRY: host,
    OCI_TLS: "disabled",
    OCI_VERSION: "1.1",
    OCI_REPO1: options.repository,
    OCI_REPO2: `${options.repository}-other`,
    OCI_RESULTS_DIR: options.folder,
    // It must not read a file of the folder that the tests are started in.
    OCI_CONFIGURATION: "/dev/null",
    ...options.env,
  });
  return run(["conformance"], env);
}

interface Manifest {
  manifests?: { digest: string }[];
  config?: { digest: string };
  layers?: { digest: string }[];
  subject?: { digest: string };
}

/** Reads a repository that anybody may read, from its tags and referrers on. */
export async function contentOf(url: string, repository: string): Promise<Content> {
  const base = `${url}/v2/${repository}`;
  const json = async (path: string) => (await fetch(base + path)).json();
  const { tags } = (await json("/tags/list")) as { tags: string[] };
  const content: Content = { tags, manifests: new Set(), blobs: new Set(), subjects: new Set() };

  const visit = async (reference: string): Promise<void> => {
    const answer = await fetch(`${base}/manifests/${reference}`);
    const digest = answer.headers.get("docker-content-digest") ?? "";
    if (!answer.ok || content.manifests.has(digest)) return;
    content.manifests.add(digest);
    const manifest = (await answer.json()) as Manifest;
    for (const blob of [manifest.config, ...(manifest.layers ?? [])]) {
      if (blob) content.blobs.add(blob.digest);
    }
    if (manifest.subject) content.subjects.add(manifest.subject.digest);
    const referrers = (await json(`/referrers/${digest}`)) as Manifest;
    const next = [...(manifest.manifests ?? []), ...(referrers.manifests ?? [])];
    for (const child of next) await visit(child.digest);
  };
  for (const tag of tags) await visit(tag);
  return content;
}
