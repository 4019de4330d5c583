import type { ClaimPatterns } from "../lib/claims.ts";

/** Somebody whose id tokens are credentials here (OpenID Connect Core 1.0), as the configuration has it. */
export interface TrustedIssuer {
  /** For logs and actors; unique. */
  name: string;
  /** As it stands in tokens (`iss`); unique. */
  issuer: string;
  /** Where the keys are; undefined: where the discovery document says. */
  jwksUri: string | undefined;
  /** One of them must stand in a token's `aud`. */
  audiences: readonly string[];
  /** Asymmetric ones. */
  algorithms: readonly string[];
  /** PEM; undefined: the well-known authorities. */
  ca: string | undefined;
  /** How far its clock may be ahead of ours. */
  leewaySeconds: number;
  /** What every token must say, whatever the rule. */
  requiredClaims: ClaimPatterns;
  /** The first that matches counts. */
  rules: readonly PullRule[];
}

/** What jobs may pull that have a token with these claims. */
export interface PullRule {
  claims: ClaimPatterns;
  /** Path of a group. */
  group: string;
  /** Through the group's own registries, and the Dependency Proxies of the group and its subgroups. */
  pull: readonly ("registries" | "dependency_proxies")[];
}
