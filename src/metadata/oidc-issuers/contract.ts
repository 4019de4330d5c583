import type { ClaimPatterns } from "../../lib/claims.ts";
import type { Condition, Page, PageOptions, Removal } from "../management/contract.ts";

/** Each of them is looked at where there is a change, and they are all kept in memory. */
export const maxOidcIssuers = 100;

export type PullRoad = "registries" | "dependency_proxies";

/** Somebody whose id tokens count as credentials of jobs. */
export interface OidcIssuer {
  /** Unique. */
  name: string;
  /** As it stands in tokens; unique. */
  issuer: string;
  /** Undefined: its discovery document says where its keys are. */
  jwksUri: string | undefined;
  /** Of which a token must be for one; undefined: this server. */
  audiences: string[] | undefined;
  algorithms: string[];
  ca: string | undefined;
  leewaySeconds: number;
  requiredClaims: ClaimPatterns;
  /** The first that matches counts. */
  rules: PullRule[];
}

/** What jobs may pull that have a token with these claims. */
export interface PullRule {
  claims: ClaimPatterns;
  /** The path of a group, now or before it was renamed. */
  group: string;
  pull: PullRoad[];
}

export interface OidcIssuerRecord extends OidcIssuer {
  id: number;
  createdAt: number;
  updatedAt: number;
}

/** Issuers as administrators manage them: as `Management` says. What is changed counts from the next login on. */
export interface ManagedOidcIssuers {
  /** In order of id; searched by name and issuer. */
  list(options: PageOptions): Promise<Page<OidcIssuerRecord>>;
  get(id: number): Promise<OidcIssuerRecord | undefined>;
  /** The groups that its rules name must be there. */
  create(settings: OidcIssuer): Promise<OidcIssuerRecord>;
  /**
   * `changed` makes the settings of what is there when nobody else changes it; what it throws is thrown, and it may be
   * asked several times.
   */
  change(
    id: number,
    changed: (present: OidcIssuer) => OidcIssuer,
    condition?: Condition,
  ): Promise<OidcIssuerRecord | undefined>;
  remove(id: number, condition: Condition): Promise<Removal>;
}

/** Those whose id tokens count now. */
export interface OidcIssuers {
  /** Answers from memory while the generation stands still, with the same list. */
  trusted(): Promise<readonly OidcIssuer[]>;
  /**
   * Creates or changes the issuer of this name, or of this address, as the configuration declares it. Where two are in its
   * way, the one of another name goes. Idempotent.
   */
  declare(issuer: OidcIssuer): Promise<void>;
  /** The names of those that a configuration file has declared once, in order. */
  declared(): Promise<string[]>;
}
