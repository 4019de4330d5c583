import { closeSync } from "node:fs";
import path from "node:path";
import type { BlobStore, StoredBlob } from "../../blobs/contract.ts";
import type { StoredNames } from "../../metadata/copies/contract.ts";
import { algorithmOf, type Digest, Digester } from "../../oci/digest.ts";
import { blobPath, openSized, piecesOf } from "../backup/files.ts";
import type { BlobsReport } from "./contract.ts";

const namesPerQuery = 1000;
/** Copies under way: a bucket answers each request after a while. */
const atOnce = 4;

export interface BlobCopyOptions {
  names: StoredNames;
  /** Of the blobs that are read. */
  dataDir: string;
  store: BlobStore;
  progress: (report: BlobsReport) => void;
}

interface Blob_ {
  digest: Digest;
  size: number;
}

/** Brings to the store what the names say and it has not, each blob hashed on its way. */
export async function copyBlobs(options: BlobCopyOptions): Promise<BlobsReport> {
  const { names, store, progress } = options;
  const report: BlobsReport = { blobs: 0, bytes: 0, copied: 0, damaged: [] };
  const listing = new Listing(store);
  for (let after = ""; ;) {
    const page = await names.blobs(after, namesPerQuery);
    const missing: Blob_[] = [];
    for (const blob of page) {
      if ((await listing.sizeOf(blob.digest)) === blob.size) count(report, blob);
      else missing.push(blob);
    }
    const copier = async () => {
      for (let blob = missing.shift(); blob; blob = missing.shift()) {
        if (await copyBlob(blob, options)) {
          count(report, blob);
          report.copied++;
        } else report.damaged.push(blob.digest);
        progress(report);
      }
    };
    await allOf(Array.from({ length: atOnce }, copier), missing);
    progress(report);
    const last = page.at(-1);
    if (!last) return report;
    after = last.digest;
  }
}

/** After one has failed the others begin nothing more, and all have ended when this throws. */
async function allOf(copiers: Promise<void>[], missing: Blob_[]): Promise<void> {
  const watched = copiers.map((copier) =>
    copier.catch((error: unknown) => {
      missing.length = 0;
      throw error;
    }),
  );
  await Promise.allSettled(watched);
  await Promise.all(watched);
}

function count(report: BlobsReport, { size }: Blob_): void {
  report.blobs++;
  report.bytes += size;
}

/** Whether it is there now; not where its bytes are missing or wrong. */
async function copyBlob(
  { digest, size }: Blob_,
  { dataDir, store }: BlobCopyOptions,
): Promise<boolean> {
  const opened = openSized(path.join(dataDir, blobPath(digest)), size);
  if (!opened) return false;
  try {
    const spool = await store.spool(digest, size);
    try {
      const digester = new Digester(algorithmOf(digest));
      for await (const piece of piecesOf(opened.fd, size)) {
        digester.update(piece);
        await spool.append(piece);
      }
      if (digester.digest() !== digest) return false;
      await spool.commit(digest, false);
      return true;
    } finally {
      await spool.discard();
      await spool.close();
    }
  } finally {
    closeSync(opened.fd);
  }
}

/** What the store has, walked through in order of digest beside another walk in that order. */
class Listing {
  #page: StoredBlob[] = [];
  #isWhole = false;

  constructor(readonly store: BlobStore) {}

  async sizeOf(digest: Digest): Promise<number | undefined> {
    while (!this.#isWhole && (this.#page.at(-1)?.digest ?? "") < digest) {
      const page = await this.store.list(this.#page.at(-1)?.digest, namesPerQuery);
      this.#isWhole = page.length < namesPerQuery;
      this.#page = page;
    }
    return this.#page.find((one) => one.digest === digest)?.size;
  }
}
