import { type BlobStore, type StoredBlob, StoreUnavailableError } from "../../blobs/contract.ts";
import { type Clock, yieldTurn } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { Cache, Directory, Holder, Holdings, Upstream } from "../../metadata/contract.ts";
import { algorithmOf, type Digest, digestOf } from "../../oci/digest.ts";
import { ManifestError, parseManifest } from "../../oci/manifest.ts";
import {
  type Finding,
  isCursor,
  type Rechecker,
  type Verifier,
  type VerifyStep,
} from "./contract.ts";
import { type Problem, problemOf } from "./looking.ts";

/** Fetches an object anew from where it belongs: true, or why it could not be had. */
export type Repairing = (
  upstream: Upstream,
  repository: string,
  kind: Holder["kind"],
  digest: Digest,
) => Promise<true | string>;

export interface VerifierOptions {
  holdings: Holdings;
  cache: Cache;
  blobs: BlobStore;
  directory: Directory;
  repair: Repairing;
  clock: Clock;
  log: Log;
}

const parts = ["manifests", "blobs", "entries"] as const;
type Part = (typeof parts)[number];

/** What one step looks at. */
const manifestsPerStep = 20;
const blobsPerStep = 100;
const bytesPerStep = 64 << 20;
const entriesPerStep = 1000;
/** Milliseconds after which no further object is looked at: repairs wait for upstreams, and whoever asks waits for a step. */
const longestMs = 20_000;
/** Of how many places one object is asked for anew. */
const maxHolders = 5;

export class StoreVerifier implements Verifier, Rechecker {
  readonly #options: VerifierOptions;
  /** What somebody is just taking out, and fetching again: others leave it to him. */
  readonly #losing = new Set<Digest>();

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  async step(cursor: string | undefined, { repair }: { repair: boolean }): Promise<VerifyStep> {
    const { part, after } = parseCursor(cursor);
    const step: VerifyStep = {
      next: undefined,
      checked: { manifests: 0, blobs: 0, bytes: 0, entries: 0 },
      findings: [],
    };
    const look = {
      manifests: () => this.#manifests(after, step, repair),
      blobs: () => this.#blobs(after, step, repair),
      entries: () => this.#entries(after, step, repair),
    };
    const last = await look[part]();
    const following = parts[parts.indexOf(part) + 1];
    step.next = last !== undefined ? `${part} ${last}` : following && `${following} `;
    return step;
  }

  async recheck(digest: Digest, size: number, writtenAt: number) {
    const { blobs, clock, log } = this.#options;
    // What is written while it is hashed comes after this.
    const startedAt = clock.now();
    const problem = await problemOf(blobs, digest, size);
    if (problem) {
      return { isRight: false, finding: await this.#lose(digest, problem, false) } as const;
    }
    log.info("stored blob was written to, and is right", { digest, size, writtenAt });
    try {
      // Where a file's time is ahead of ours, what is written later is later than that.
      await this.#options.holdings.verified([digest], Math.max(startedAt, Math.ceil(writtenAt)));
    } catch (error) {
      log.error("a blob was not noted as right", { digest, code: failureCode(error) });
    }
    return { isRight: true } as const;
  }

  async #manifests(after: string, step: VerifyStep, repair: boolean): Promise<string | undefined> {
    const { holdings } = this.#options;
    const isLate = this.#watch();
    let last: Digest | undefined;
    for (const { digest, mediaType, payload } of await holdings.manifests(
      after,
      manifestsPerStep,
    )) {
      if (isLate()) break;
      last = digest;
      step.checked.manifests++;
      step.checked.bytes += payload.length;
      if (digestOf(payload, algorithmOf(digest)) === digest && isManifest(payload, mediaType))
        continue;
      await holdings.forgetManifest(digest);
      step.findings.push(await this.#found("manifest", digest, "wrong", repair));
      await yieldTurn();
    }
    return last;
  }

  async #blobs(after: string, step: VerifyStep, repair: boolean): Promise<string | undefined> {
    const { holdings, clock } = this.#options;
    // What is written to a blob after it was hashed is later than this.
    const startedAt = clock.now();
    const right: Digest[] = [];
    const isLate = this.#watch();
    let last: Digest | undefined;
    for (const { digest, size } of await holdings.blobs(after, blobsPerStep)) {
      last = digest;
      step.checked.blobs++;
      step.checked.bytes += size;
      const problem = await problemOf(this.#options.blobs, digest, size);
      if (problem) {
        const finding = await this.#lose(digest, problem, repair);
        if (finding) step.findings.push(finding);
      } else right.push(digest);
      if (step.checked.bytes >= bytesPerStep || isLate()) break;
    }
    await holdings.verified(right, startedAt);
    return last;
  }

  async #entries(after: string, step: VerifyStep, repair: boolean): Promise<string | undefined> {
    const { holdings, cache } = this.#options;
    const { last, count, entries } = await holdings.lacking(Number(after), entriesPerStep);
    const seen = new Set<Digest>();
    const isLate = this.#watch();
    let former: (typeof entries)[number] | undefined;
    for (const entry of entries) {
      if (former && isLate()) {
        step.checked.entries += former.place;
        return String(former.id);
      }
      former = entry;
      const { kind, digest } = entry;
      if (seen.has(digest)) continue;
      seen.add(digest);
      // Somebody else is about it, or has fetched it since this was read.
      if (kind === "blob" && (this.#losing.has(digest) || (await cache.blob(digest)))) continue;
      step.findings.push(await this.#found(kind, digest, "missing", repair));
    }
    step.checked.entries += count;
    return last === undefined ? undefined : String(last);
  }

  /** Whether the step has taken long enough. */
  #watch(): () => boolean {
    const { clock } = this.#options;
    const started = clock.elapsed();
    return () => clock.elapsed() - started >= longestMs;
  }

  /** It does not count as stored any more, unless it cannot be read. Undefined where that is not so any more, or is looked after. */
  async #lose(digest: Digest, problem: Problem, repair: boolean): Promise<Finding | undefined> {
    const { blobs, cache } = this.#options;
    if (this.#losing.has(digest)) return undefined;
    this.#losing.add(digest);
    try {
      if (!(await cache.blob(digest))) return undefined;
      if (problem.problem === "unreadable")
        return await this.#kept(digest, problem.problem, problem.reason);
      const now = await blobs.stat(digest);
      const before = problem.problem === "wrong" ? problem.found : undefined;
      if (now?.size !== before?.size || now?.storedAt !== before?.storedAt) return undefined;
      // In this order: a hit looks for the bytes and not for the record, and what is without a record is not looked at again.
      // A kill in between leaves a record of nothing, which the next pull notices.
      try {
        if (before && !(await this.#isOut(before))) return undefined;
      } catch (error) {
        const why = error instanceof StoreUnavailableError ? error.message : failureCode(error);
        return await this.#kept(digest, "wrong", `it could not be put aside: ${why}`);
      }
      await cache.forgetBlob(digest);
      return await this.#found("blob", digest, problem.problem, repair);
    } finally {
      this.#losing.delete(digest);
    }
  }

  /** Not where others have stored it anew. */
  async #isOut(found: StoredBlob): Promise<boolean> {
    const { blobs } = this.#options;
    return (await blobs.quarantine(found)) || (await blobs.stat(found.digest)) === undefined;
  }

  /** It stays on record, to be looked at again; a pull would find it, so it is not fetched anew. */
  async #kept(digest: Digest, problem: "wrong" | "unreadable", reason: string): Promise<Finding> {
    const [holder] = await this.#options.holdings.holders("blob", digest, 1);
    const upstreams = await this.#options.directory.upstreams();
    const finding: Finding = {
      kind: "blob",
      digest,
      problem,
      outcome: "kept",
      upstream: upstreams.find(({ id }) => id === holder?.upstreamId)?.name,
      repository: holder?.repository,
      reason,
    };
    this.#options.log.error("stored content stays, though it is wrong or cannot be read", {
      ...finding,
    });
    return finding;
  }

  async #found(
    kind: Holder["kind"],
    digest: Digest,
    problem: "missing" | "wrong",
    repair: boolean,
  ): Promise<Finding> {
    const { holdings, directory, log } = this.#options;
    const holders = await holdings.holders(kind, digest, maxHolders);
    const upstreams = new Map((await directory.upstreams()).map((one) => [one.id, one]));
    const [first] = holders;
    const finding: Finding = {
      kind,
      digest,
      problem,
      outcome: first ? "lost" : "unneeded",
      upstream: first && upstreams.get(first.upstreamId)?.name,
      repository: first?.repository,
      reason: undefined,
    };
    for (const { upstreamId, repository } of repair ? holders : []) {
      const upstream = upstreams.get(upstreamId);
      if (!upstream) continue;
      const answer = await this.#options.repair(upstream, repository, kind, digest);
      finding.upstream = upstream.name;
      finding.repository = repository;
      finding.reason = answer === true ? undefined : answer;
      if (answer === true) finding.outcome = "repaired";
      if (answer === true) break;
    }
    log.warn("stored content is not what it should be", { ...finding });
    return finding;
  }
}

function isManifest(payload: Uint8Array, mediaType: string): boolean {
  try {
    parseManifest(payload, mediaType);
    return true;
  } catch (error) {
    if (error instanceof ManifestError) return false;
    throw error;
  }
}

function parseCursor(cursor: string | undefined): { part: Part; after: string } {
  if (cursor === undefined) return { part: "manifests", after: "" };
  if (!isCursor(cursor)) throw new Error("the cursor is none");
  const [part, after = ""] = cursor.split(" ");
  return { part: part as Part, after };
}
