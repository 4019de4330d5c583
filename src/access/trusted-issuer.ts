import type { OidcIssuer } from "../metadata/contract.ts";

/** Somebody whose id tokens are credentials here (OpenID Connect Core 1.0). */
export interface TrustedIssuer extends Omit<OidcIssuer, "audiences"> {
  /** One of them must stand in a token's `aud`. */
  audiences: readonly string[];
}
