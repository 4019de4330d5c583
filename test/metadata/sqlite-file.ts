import { Database } from "bun:sqlite";
import { afterEach, beforeEach } from "bun:test";
import type { Metadata } from "../../src/metadata/contract.ts";
import { sqliteFolder } from "../fakes/metadata-sqlite.ts";

export let folder: ReturnType<typeof sqliteFolder>;
export let metadata: Metadata | undefined;

/** Each test of the file that calls it has a folder of its own, and closes what it opens there. */
export function forEachTest(): void {
  beforeEach(newFolder);
  afterEach(async () => {
    await close();
    folder.remove();
  });
}

export function newFolder(): void {
  folder = sqliteFolder();
}

export async function open(...given: Parameters<typeof folder.open>): Promise<Metadata> {
  metadata = await folder.open(...given);
  return metadata;
}

export async function close(): Promise<void> {
  await metadata?.close();
  metadata = undefined;
}

/** Runs SQL behind the server's back, or reads what it does not give out. */
export function raw<Row>(sql: string): Row[] {
  const database = new Database(folder.file, { strict: true });
  try {
    return database.query<Row, []>(sql).all();
  } finally {
    database.close(true);
  }
}
