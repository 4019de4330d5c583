/**
 * Why the database cannot be used, or a write was refused: another process has it; it cannot be opened or written;
 * it is damaged or no database; a newer release wrote it; the write contradicts what is there;
 * or it was meant for something that has been changed meanwhile.
 */
export type MetadataProblem = "in_use" | "unusable" | "damaged" | "newer" | "refused" | "changed";

/** What is wrong with a record that somebody wants to have: its field, and a text that goes on from the field's name. */
export interface InvalidField {
  field: string;
  text: string;
}

/** The message is for the operator and says what to do. */
export class MetadataError extends Error {
  override readonly name = "MetadataError";
  /** Of a refused write that one field is to blame for. */
  readonly invalid: InvalidField | undefined;

  constructor(
    readonly problem: MetadataProblem,
    message: string,
    { cause, invalid }: { cause?: unknown; invalid?: InvalidField } = {},
  ) {
    super(message, { cause });
    this.invalid = invalid;
  }
}

/** Whether something was thrown because the database is locked, full, read-only, broken or gone. */
export function isDatabaseFailure(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  const isEngines = typeof code === "string" && /^(?:SQLITE|POSTGRES)_/.test(code);
  return isEngines || error instanceof MetadataError;
}
