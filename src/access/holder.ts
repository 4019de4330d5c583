import type { DependencyProxy, Registry } from "../metadata/contract.ts";
import type { Actor, BasicCredentials, Visitor } from "./contract.ts";

/** Somebody whose credential is valid now, and what it opens: the same object for as long as nothing has changed. */
export interface Holder {
  actor: Actor;
  /** Whether the credential is of use for pulling at all, whatever from. */
  mayPullAnything: boolean;
  /** Whether it opens this registry or Dependency Proxy. */
  mayPull(registry: Registry | DependencyProxy): boolean;
}

/** Who has shown a good credential. */
export interface Proven {
  /** What `find` knows the credential by, in a pull token: visible ASCII without a colon in front, never a secret. */
  id: string;
  holder: Holder;
  /** Milliseconds since the epoch at which the credential ends, and what is issued for it with it. */
  expiresAt: number | undefined;
}

/** One kind of credential that can be given as name and password. */
export interface Prover {
  /** Stands before the id in a pull token's subject. */
  readonly kind: string;
  /**
   * Undefined where the credential is none of this kind, or not good: which of both is nobody's to know. `isOpen`: what is
   * asked for can be had without any, so that a proof that costs much is not worth it.
   */
  prove(given: BasicCredentials, visitor: Visitor, isOpen: boolean): Promise<Proven | undefined>;
  /** Looked up at each use: who it is now; undefined where the credential has ended. */
  find(id: string): Promise<Holder | undefined>;
}
