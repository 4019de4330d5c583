import type {
  CleanupSettings,
  OidcIssuer,
  PrefetchSettings,
  VirtualRegistrySettings,
  WebhookSettings,
  Registry,
  RegistrySettings,
  Role,
  UpstreamSettings,
  UserState,
} from "../metadata/contract.ts";

/** What the configuration wants to be there. Nothing that it leaves out is removed. */
export interface Declaration {
  groups: DeclaredGroup[];
  upstreams: ({ group: string } & UpstreamSettings)[];
  registries: ({ group: string } & RegistrySettings)[];
  users: DeclaredUser[];
  oidcIssuers: OidcIssuer[];
  webhooks: DeclaredWebhook[];
  prefetches: DeclaredPrefetch[];
}

export interface DeclaredWebhook extends Omit<WebhookSettings, "secret"> {
  group: string;
  name: string;
  /** Undefined where it could not be read, and need not be. */
  secret: string | undefined;
}

/** One on a schedule: what runs once is no state that could be declared. */
export interface DeclaredPrefetch extends PrefetchSettings {
  group: string;
  /** Its name. */
  registry: string;
  name: string;
  everyHours: number;
}

export interface DeclaredGroup {
  path: string;
  name: string;
  /** Left as it is where nothing is said of it. */
  dependencyProxy?: DeclaredDependencyProxy;
  /** The same. */
  cleanupPolicy?: CleanupSettings;
  /** The same: whether its registries are there. */
  virtualRegistries?: VirtualRegistrySettings;
  /** The same: how much its entries may need. */
  cacheMaxBytes?: number;
}

export interface DeclaredDependencyProxy {
  enabled: boolean;
  identity: string | undefined;
  secret: string | undefined;
  /** Undefined: nothing is given up for its age. */
  ttlDays: number | undefined;
}

export interface DeclaredUser {
  username: string;
  admin: boolean;
  /** Left as it is where nothing is said of it. */
  state?: UserState;
  /** `expiresAt`: milliseconds since the epoch; none where it is left out. */
  memberships: { group: string; role: Role; expiresAt?: number }[];
  tokens: { name: string; secret: string; scopes: string[]; expiresAt: number | undefined }[];
}

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

/** A database that several servers can share. */
export interface DatabaseSettings {
  url: string;
  /** PEM; undefined: the well-known authorities. */
  ca: string | undefined;
  /** At most. */
  connections: number;
  /** How long one statement may take. */
  statementSeconds: number;
}

/** Stands in a data folder for as long as a backup is being restored to it: no server begins on half of one. */
export const restoringMark = "restoring";

/** Why the data folder cannot be used; the message says what to do. */
export class DataDirError extends Error {
  override readonly name = "DataDirError";
}

export * from "./backup/contract.ts";
export * from "./migration/contract.ts";
export * from "./verify/contract.ts";
export type * from "./space/contract.ts";

/** Reading what a person wrote: the leaves of the configuration, and the declared part of its file. */
export * from "./addresses.ts";
export { readDeclaration } from "./declaration.ts";
export {
  adminName,
  groupPart,
  groupPath,
  rulePattern,
  upstreamPassword,
  tokenScopes,
  upstreamUsername,
  username,
} from "./declared.ts";
export { type BucketChoice, readBucketSettings } from "./bucket-settings.ts";
export type { OidcIssuer } from "../metadata/contract.ts";
export {
  defaultAlgorithms,
  defaultLeeway,
  issuerParts,
  issuerProblems,
  roadsOf,
  visibleIssuer,
} from "./oidc-issuers.ts";
export { defaultGroup } from "./shapes.ts";
export { certificates } from "./certificates.ts";
export { databaseUrl, readDatabaseSettings } from "./database-settings.ts";
export { type LimitSettings, readLimitSettings } from "./limit-settings.ts";
export { type ObservingSettings, readObserving } from "./observing-settings.ts";
export { type MirrorSettings, readMirrorSettings } from "./mirror-settings.ts";
export * from "./presets.ts";
export { pathText } from "./references.ts";
export * from "./settings.ts";
export { readSignIn, type SignInProvider, type SignInSettings } from "./sign-in.ts";
export * from "./text.ts";
export { prefetchLimits, usualPlatforms, visiblePrefetch, visibleWebhook } from "./automation.ts";
export {
  dayText,
  visibleGroup,
  visibleProvider,
  visibleRegistry,
  visibleUpstream,
  visibleUser,
} from "./visible.ts";
export { readYaml } from "./yaml.ts";

/** Work that nobody waits for. */
export type * from "./runner/contract.ts";

export { imageName, platform } from "./prefetch/shapes.ts";
export { prefetchWorkName } from "./prefetch/work.ts";
export { webhookSecret, webhookUrl } from "./webhooks/signature.ts";
export { deliveryWorkName } from "./webhooks/work.ts";
