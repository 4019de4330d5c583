import { readFileSync } from "node:fs";
import type { Clock } from "../../lib/clock.ts";
import { credentialsOf } from "../../lib/credentials-file.ts";
import type { Credentials } from "./signing.ts";
import { BucketError } from "./trouble.ts";

/** Where credentials come from: they are given, or stand in a file that somebody else may renew. */
export type CredentialSource =
  ({ kind: "given" } & Credentials) | { kind: "file"; file: string; profile: string };

/** How long what the file says is believed. */
const reread = 60_000;

/** The credentials in force. */
export class CurrentCredentials {
  #known: { credentials: Credentials; until: number } | undefined;

  constructor(
    readonly source: CredentialSource,
    readonly clock: Clock,
    readonly readFile: (file: string) => string = (file) => readFileSync(file, "utf8"),
  ) {}

  /** Throws `BucketError` when the file gives none and none are known from before. */
  get(): Credentials {
    if (this.source.kind === "given") return this.source;
    const now = this.clock.elapsed();
    if (this.#known && now < this.#known.until) return this.#known.credentials;
    const credentials = this.#read(this.source) ?? this.#known?.credentials;
    if (!credentials) throw new BucketError("denied", { code: "no credentials in the file" });
    this.#known = { credentials, until: now + reread };
    return credentials;
  }

  /** They were refused: at the next request the file is read again. */
  doubt(): void {
    if (this.#known) this.#known.until = Number.NEGATIVE_INFINITY;
  }

  #read({ file, profile }: { file: string; profile: string }): Credentials | undefined {
    try {
      return credentialsOf(this.readFile(file), profile);
    } catch {
      return undefined; // it is being replaced, or gone: what is known goes on until it is refused
    }
  }
}
