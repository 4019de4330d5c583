/** A failure of PostgreSQL or of the way to it: `POSTGRES_<SQLSTATE>`, or a word for what has no such state. */
export class PostgresError extends Error {
  override readonly name = "PostgresError";

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What the client of the runtime throws, with one field for what happened; other errors stay as they are. */
export function translated(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof PostgresError) return error;
  const { errno, code } = error as { errno?: unknown; code?: unknown };
  if (typeof code !== "string") return error;
  // A state of the server is in `errno`; of the client's own failures there is the code alone.
  const isState = code === "ERR_POSTGRES_SERVER_ERROR" && typeof errno === "string";
  const word = isState ? errno : code.replace(/^ERR_(?:POSTGRES_)?/, "");
  return new PostgresError(`POSTGRES_${word}`, error.message, { cause: error });
}

/** Whether nothing more can be expected of the connection: it is gone, or leads to a server that may not write. */
export function isConnectionLost(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  // Classes 08 and 57P: connection, shutdown. 25006: read-only, as after a failover; 25P0x: a time limit has ended it.
  const states =
    /^POSTGRES_(?:08|57P|25006|25P0[34]|CONNECTION|[A-Z_]*CLOSED|[A-Z_]*TIMEOUT|E[A-Z]+$)/;
  return typeof code === "string" && states.test(code);
}

/** Whether the server has as many connections as it takes. */
export function isServerFull(error: unknown): boolean {
  return error instanceof PostgresError && error.code === "POSTGRES_53300";
}

/** Whether a prepared statement was refused since the tables have changed: another server has brought them up to date. */
export function isStalePlan(error: unknown): boolean {
  return (
    error instanceof PostgresError &&
    error.code === "POSTGRES_0A000" &&
    error.message.includes("cached plan")
  );
}
