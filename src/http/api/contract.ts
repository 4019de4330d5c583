import type { z } from "@hono/zod-openapi";
import type { arrival } from "./arrival.ts";
import type * as fields from "./fields.ts";
import type * as images from "./images.ts";
import type * as verify from "./verify.ts";
import type * as identity from "./identity/fields.ts";
import type * as cleanup from "./cleanup-fields.ts";
import type { evictionPreview } from "./space-fields.ts";
import type { report } from "./work.ts";

/** What the API answers with, as its schemas say it: for those who ask it from outside. */
export type GroupJson = z.output<typeof fields.group>;
export type RegistryJson = z.output<typeof fields.registry>;
export type RegistryDetailJson = z.output<typeof fields.registryDetail>;
export type UpstreamJson = z.output<typeof fields.upstream>;
export type PlacedUpstreamJson = z.output<typeof fields.placedUpstream>;
export type UpstreamDetailJson = z.output<typeof fields.upstreamDetail>;
export type AssociationJson = z.output<typeof fields.association>;
export type ConnectionResultJson = z.output<typeof fields.connectionResult>;
export type CacheEntryJson = z.output<typeof fields.cacheEntry>;
export type PlanJson = z.output<typeof fields.plan>;
export type RefreshedJson = z.output<typeof fields.refreshed>;
export type ImportedJson = z.output<typeof images.imported>;
export type VerifiedJson = z.output<typeof verify.verified>;
export type DependencyProxyJson = z.output<typeof fields.dependencyProxySettings>;
export type CleanupPolicyJson = z.output<typeof cleanup.cleanupPolicy>;
export type TtlPolicyJson = z.output<typeof fields.ttlPolicy>;
export type WorkJson = z.output<typeof report>;
export type EvictionPreviewJson = z.output<typeof evictionPreview>;
export type ArrivalJson = z.output<typeof arrival>;
export type UserJson = z.output<typeof identity.user>;
/** As it stands in the answer, where a level is a number. */
export type MemberJson = Omit<z.input<typeof identity.member>, "access_level"> & {
  access_level: number;
};
export type ProjectJson = z.output<typeof identity.project>;
export type PersonalTokenJson = z.output<typeof identity.personalToken>;
export type GroupTokenJson = z.output<typeof identity.groupToken>;
export type DeployTokenJson = z.output<typeof identity.deployToken>;
