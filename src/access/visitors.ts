import { isWellFormedSecret } from "../lib/secret.ts";
import type { Visitor } from "./contract.ts";

/** Who may pull without a credential of ours. */
export interface OpenDoors {
  /** Everybody, from registries. */
  anonymousPull: boolean;
  /** Everybody, what a mirror gives. */
  mirrorAnonymousPull: boolean;
  /** Whether the clients at this address may pull what a mirror gives. */
  isMirrorClient: (address: string) => boolean;
}

/** Decides what is open to somebody without a credential. */
export class Openness {
  readonly #doors: OpenDoors;

  constructor(doors: OpenDoors) {
    this.#doors = doors;
  }

  admits(visitor: Visitor): boolean {
    const { anonymousPull } = this.#doors;
    if (visitor.as !== "mirror" && anonymousPull) return true;
    return visitor.as !== "registry" && this.#admitsToMirror(visitor);
  }

  #admitsToMirror(visitor: Visitor): boolean {
    const { mirrorAnonymousPull, isMirrorClient } = this.#doors;
    if (mirrorAnonymousPull || visitor.certified) return true;
    const address = visitor.address();
    return address !== undefined && isMirrorClient(address);
  }
}

/** All tokens of ours that were made here begin so: one that is wrong is a slip, not somebody else's password. */
export function looksOurs(secret: string): boolean {
  return secret.startsWith("weir_");
}

/** Signed by somebody: the form of an id token. */
const jwt = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether a secret has the form of a job's: a job token, which is random, or an id token, which is signed. */
export function isJobs(secret: string): boolean {
  return isWellFormedSecret(secret, "weir_job_") || jwt.test(secret);
}
