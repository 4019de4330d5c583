import type { DependencyProxy, Registry } from "../metadata/contract.ts";
import type { Actor, BasicCredentials, PullRight, Visitor } from "./contract.ts";
import { type Authority, opens } from "./doors.ts";
import { judge, standingOf } from "./permissions.ts";

/** Somebody whose credential is valid now, and what it opens: the same object for as long as nothing has changed. */
export interface Holder {
  actor: Actor;
  /** Whether the credential is of use for pulling at all, whatever from. */
  mayPullAnything: boolean;
  /** Whether it opens this registry or Dependency Proxy, and by what. */
  mayPull(registry: Registry | DependencyProxy): PullRight | undefined;
  /** Whether it opens upstreams that are for members of a group: see `Group.lineage`. */
  mayPullVerified(lineage: readonly number[]): boolean;
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

/** A holder who may what the table of permissions says of this authority. */
export function createHolder(authority: Authority, actor: Actor): Holder {
  /** Registries stay the same objects while nothing changes: a cached pull judges nobody anew. */
  const known = new WeakMap<Registry, PullRight | "none">();
  return {
    actor,
    mayPullAnything: opens(authority, "login"),
    mayPull(registry) {
      let right = known.get(registry);
      if (right === undefined) {
        right = rightOf(authority, registry) ?? "none";
        known.set(registry, right);
      }
      return right === "none" ? undefined : right;
    },
    mayPullVerified: (lineage) =>
      judge(authority, "pull_verified_upstream", { kind: "group", lineage }) === "allowed",
  };
}

function rightOf(
  authority: Authority,
  registry: Registry | DependencyProxy,
): PullRight | undefined {
  if ("readers" in registry) {
    const group = { kind: "group", lineage: registry.readers } as const;
    return judge(authority, "pull_dependency_proxy", group) === "allowed" ? "granted" : undefined;
  }
  const subject = { kind: "registry", groupId: registry.groupId } as const;
  if (judge(authority, "pull_registry", subject) !== "allowed") return undefined;
  return standingOf(authority, subject) === "project" ? "by_project" : "granted";
}
