import { closeSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Clock } from "../../lib/clock.ts";
import type { Snapshot, Snapshots } from "../../metadata/contract.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Backing, BackupError, type BackupReport } from "./contract.ts";
import { blobPath, digestOfFile, openSized, piecesOf } from "./files.ts";
import { FolderSink } from "./folder-sink.ts";
import { keyFile, type Sink } from "./sink.ts";
import { TarSink } from "./tar-sink.ts";

export interface BackupOptions extends Backing {
  dataDir: string;
  snapshots: Snapshots;
  clock: Clock;
  version: string;
}

const blobsPerQuery = 500;

/**
 * Backs up a data folder, which a server may be using: the database as it is now, then the blobs that it names, each hashed
 * while it is copied. What is missing or wrong by then is left out of both. Throws `BackupError` or `MetadataError`.
 */
export async function backUp(options: BackupOptions): Promise<BackupReport> {
  const { dataDir, target, snapshots, clock, version } = options;
  const secretKey = options.withSecretKey ? readKey(dataDir) : undefined;
  const sink = open(target);
  try {
    await snapshots.take(path.join(dataDir, "weir.db"), sink.snapshot);
    const snapshot = await snapshots.open(sink.snapshot);
    const { schema } = snapshot;
    const { report, named } = await copyBlobs(snapshot, sink, options);

    const database = `weir-${crypto.randomUUID()}.db`;
    const description = {
      format: 1 as const,
      version,
      created_at: new Date(clock.now()).toISOString(),
      schema,
      database,
      database_digest: (await digestOfFile(sink.snapshot, undefined)) ?? "",
      blobs: report.blobs,
      bytes: report.bytes,
      secret_key: secretKey !== undefined,
    };
    await sink.finish(description, secretKey, (digest, size) => named.get(digest) === size);
    return report;
  } catch (error) {
    sink.abandon();
    throw error;
  }
}

async function copyBlobs(snapshot: Snapshot, sink: Sink, options: BackupOptions) {
  try {
    return await copyAll(snapshot, sink, options);
  } finally {
    await snapshot.close();
  }
}

async function copyAll(snapshot: Snapshot, sink: Sink, { dataDir, progress }: BackupOptions) {
  const named = new Map<Digest, number>();
  const report: BackupReport = { blobs: 0, bytes: 0, copied: 0, damaged: [] };
  const lost: Digest[] = [];
  let after = "";
  for (;;) {
    const blobs = await snapshot.blobs(after, blobsPerQuery);
    for (const { digest, size } of blobs) {
      const isThere = sink.has(digest, size);
      if (!isThere && !(await copy(path.join(dataDir, blobPath(digest)), digest, size, sink))) {
        lost.push(digest);
        continue;
      }
      named.set(digest, size);
      report.blobs++;
      report.bytes += size;
      if (!isThere) report.copied++;
      progress(report);
    }
    const last = blobs.at(-1);
    if (!last) break;
    after = last.digest;
  }
  await snapshot.withoutBlobs(lost);
  return { report: { ...report, damaged: lost }, named };
}

async function copy(file: string, digest: Digest, size: number, sink: Sink): Promise<boolean> {
  const opened = openSized(file, size);
  if (!opened) return false;
  try {
    return await sink.put(digest, size, piecesOf(opened.fd, size));
  } finally {
    closeSync(opened.fd);
  }
}

function open(target: string): Sink {
  try {
    mkdirSync(path.dirname(path.resolve(target)), { recursive: true });
    return target.endsWith(".tar") ? new TarSink(target) : new FolderSink(target);
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`${target} cannot be written to: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function readKey(dataDir: string): string {
  const file = path.join(dataDir, keyFile);
  if (existsSync(file)) return readFileSync(file, "utf8");
  throw new BackupError(
    `${file} is not there: the key is that of WEIR_SECRET_KEY, keep it where that is kept`,
  );
}
