import type { Database } from "bun:sqlite";

/** What a checkpoint says of the write-ahead log, in pages. */
export interface Checkpointed {
  log: number;
  checkpointed: number;
}

/** What the thread tells after a run. */
export interface Told {
  /** Pages in the log now. */
  log: number;
  failure: string | undefined;
}

interface Port {
  addEventListener(event: "message", listener: (event: MessageEvent<string>) => void): void;
  postMessage(told: Told): void;
}

/**
 * The program of the thread that writes the log back into the database, and begins the log anew. It is handed over as
 * text, since a single-file executable has no other place for it: so it may use nothing but what it is given.
 */
export function checkpointing(open: new (file: string) => Database, port: Port, file: string) {
  // While others go on writing, each pass has less to do than the one before.
  const maxPasses = 8;
  const rounds = 3;
  // For so long writers may be kept waiting for somebody who reads what is old.
  const busyMilliseconds = 100;
  const database = new open(file);
  database.run(`pragma busy_timeout = ${busyMilliseconds}`);
  database.run("pragma synchronous = normal");
  database.run("pragma wal_autocheckpoint = 0");
  database.run("pragma journal_size_limit = 67108864");
  const statement = (mode: string) =>
    database.query<Checkpointed, []>(`pragma wal_checkpoint(${mode})`);
  const [passive, restart, look] = ["passive", "restart", "noop"].map(statement);
  const ask = (query = look) => query?.get() ?? { log: 0, checkpointed: 0 };

  /** The first write after all of the log has been written back begins it anew, and waits for the disk: so it is ours. */
  const begin = () => {
    database.run("begin immediate");
    try {
      database.run("pragma user_version = 0");
      database.run("commit");
    } catch (error) {
      if (database.inTransaction) database.run("rollback");
      throw error;
    }
  };

  const run = (): Told => {
    try {
      const before = ask().log;
      for (let round = 0; round < rounds && ask().log >= before; round++) {
        let isDone = false;
        for (let pass = 0; pass < maxPasses && !isDone; pass++) {
          const { log, checkpointed } = ask(passive);
          isDone = log === checkpointed;
        }
        // Writers wait meanwhile, for the little that is left.
        if (!isDone) ask(restart);
        begin();
      }
      return { log: ask().log, failure: undefined };
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      // Others have written each time that we looked: the next run begins it anew.
      return { log: ask().log, failure: code === "SQLITE_BUSY" ? undefined : code };
    }
  };

  port.addEventListener("message", ({ data }) => {
    if (data === "run") return port.postMessage(run());
    database.close(false);
    process.exit(0);
  });
}
