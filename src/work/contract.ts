import type { ClaimPatterns } from "../lib/claims.ts";
import type { Registry, RegistrySettings, Role, UpstreamSettings } from "../metadata/contract.ts";

/** What the configuration wants to be there. Nothing that it leaves out is removed. */
export interface Declaration {
  groups: { path: string; name: string }[];
  upstreams: ({ group: string } & UpstreamSettings)[];
  registries: ({ group: string } & RegistrySettings)[];
  users: DeclaredUser[];
  /** Nothing of these is in the database. */
  oidcIssuers: OidcIssuer[];
}

export interface DeclaredUser {
  username: string;
  admin: boolean;
  memberships: { group: string; role: Role }[];
  tokens: { name: string; secret: string; scopes: string[]; expiresAt: number | undefined }[];
}

/** Somebody whose id tokens count as credentials of jobs. */
export interface OidcIssuer {
  name: string;
  /** As it stands in tokens. */
  issuer: string;
  /** Undefined: its discovery document says where its keys are. */
  jwksUri: string | undefined;
  /** Of which a token must be for one; undefined: this server. */
  audiences: string[] | undefined;
  algorithms: string[];
  ca: string | undefined;
  leewaySeconds: number;
  requiredClaims: ClaimPatterns;
  rules: { claims: ClaimPatterns; group: string; pull: PullRoad[] }[];
}

export type PullRoad = "registries" | "dependency_proxies";

export interface StartSettings {
  /** The upstream of registry 1. */
  firstUpstream: UpstreamSettings;
  /** Undefined: made when there is none yet. */
  adminToken: string | undefined;
  declared: Declaration;
}

export interface Prepared {
  /** Whether nothing was there before. */
  first: boolean;
  /** A token that was made now and that nobody can read again. */
  adminToken: string | undefined;
  /** One to try a pull with; undefined where there is none. */
  registry: Registry | undefined;
}

/** Why the data folder cannot be used; the message says what to do. */
export class DataDirError extends Error {
  override readonly name = "DataDirError";
}

/** Reading what a person wrote: the leaves of the configuration, and the declared part of its file. */
export * from "./addresses.ts";
export { readDeclaration } from "./declaration.ts";
export {
  adminName,
  groupPart,
  groupPath,
  maxRules,
  rulePattern,
  upstreamPassword,
  tokenScopes,
  upstreamUsername,
  username,
} from "./declared.ts";
export { visibleIssuer } from "./oidc-issuers.ts";
export { defaultGroup } from "./shapes.ts";
export { certificates } from "./certificates.ts";
export { type LimitSettings, readLimitSettings } from "./limit-settings.ts";
export { type MirrorSettings, readMirrorSettings } from "./mirror-settings.ts";
export * from "./presets.ts";
export { pathText } from "./references.ts";
export * from "./settings.ts";
export { readSignIn, type SignInProvider, type SignInSettings } from "./sign-in.ts";
export * from "./text.ts";
export { readYaml } from "./yaml.ts";

/** Work that nobody waits for. */
export type * from "./runner/contract.ts";

export { imageName, platform } from "./prefetch/shapes.ts";
export { prefetchWorkName } from "./prefetch/work.ts";
export { webhookSecret, webhookUrl } from "./webhooks/signature.ts";
export { deliveryWorkName } from "./webhooks/work.ts";
