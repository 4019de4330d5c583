import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { failureCode } from "../lib/log.ts";
import { newSecret } from "../lib/secret.ts";
import { DataDirError, restoringMark } from "./contract.ts";
import { isStrongSecret } from "./text.ts";

/**
 * Makes sure that the folder is there, private when it is made now, and can be written to; resolves the master
 * secret: the given one, or that of the file `secret.key`, which is made when it is missing. Throws `DataDirError`.
 */
export function openDataDir(folder: string, givenSecret: string | undefined): { secret: string } {
  const probe = path.join(folder, `.probe-${crypto.randomUUID()}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeNew(probe, "");
    rmSync(probe);
  } catch (error) {
    const fix = "give a folder that this user may write to, or change its owner";
    const reason = `cannot be written to (${failureCode(error)})`;
    throw new DataDirError(`WEIR_DATA_DIR: ${folder} ${reason}; ${fix}`, { cause: error });
  }
  if (existsSync(path.join(folder, restoringMark))) {
    const text =
      "a backup was being restored here and did not come to its end: run weir restore again";
    throw new DataDirError(`WEIR_DATA_DIR: ${folder}: ${text}`);
  }
  return { secret: givenSecret ?? readSecret(path.join(folder, "secret.key")) };
}

function readSecret(file: string): string {
  try {
    makeSecret(file);
    const secret = readFileSync(file, "utf8").trim();
    if (isStrongSecret(secret)) return secret;
  } catch (error) {
    throw unusable(file, failureCode(error), error);
  }
  throw unusable(file, "too short or too plain");
}

/** Leaves what is there as it is. */
function makeSecret(file: string): void {
  try {
    writeNew(file, `${newSecret("weir_key_")}\n`);
    syncFolder(path.dirname(file));
  } catch (error) {
    if (failureCode(error) !== "EEXIST") throw error;
  }
}

function unusable(file: string, reason: string, cause?: unknown): DataDirError {
  // A new key would make stored passwords of upstreams unreadable, so none is made on the quiet.
  const fix =
    "restore it, or set WEIR_SECRET_KEY; if no upstream password is stored, delete it and a new one is made";
  return new DataDirError(`${file}: is no usable key (${reason}); ${fix}`, { cause });
}

/** Exclusive and private: a file or link that is there already is neither followed nor changed. */
function writeNew(file: string, text: string): void {
  const handle = openSync(file, "wx", 0o600);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
