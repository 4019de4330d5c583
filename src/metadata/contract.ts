import type { Digest } from "../oci/digest.ts";
import type { Child, ChildKind, ManifestMediaType } from "../oci/manifest.ts";
import type { AuditLog } from "./audit/contract.ts";
import type { Credentials } from "./credentials/contract.ts";
import type { Holdings } from "./holdings/contract.ts";
import type { Identity } from "./identity/contract.ts";
import type { Lists } from "./lists/contract.ts";
import type { Management } from "./management/contract.ts";
import type { People } from "./people/contract.ts";
import type { SearchIndex } from "./search/contract.ts";
import type { Statistics } from "./statistics/contract.ts";
import type { CleanupRuns } from "./cleanup/contract.ts";
import type { Rule } from "./rules/contract.ts";
import type { OidcIssuers } from "./oidc-issuers/contract.ts";
import type { PrefetchRuns } from "./prefetches/contract.ts";
import type { Purges } from "./purges/contract.ts";
import type { Space, Sweep } from "./space/contract.ts";
import type { Deliveries } from "./webhooks/contract.ts";
import type { WorkStates } from "./work/contract.ts";

/**
 * What this server knows: which registries and upstreams there are, who may come, and what is cached. Times are
 * integer milliseconds since the epoch. Absence is a value; a failing database throws.
 */
export interface Metadata {
  readonly directory: Directory;
  readonly management: Management;
  readonly credentials: Credentials;
  readonly identity: Identity;
  readonly people: People;
  readonly oidcIssuers: OidcIssuers;
  readonly cache: Cache;
  readonly lists: Lists;
  readonly holdings: Holdings;
  readonly upstreamStates: UpstreamStates;
  readonly audit: AuditLog;
  readonly statistics: Statistics;
  readonly purges: Purges;
  readonly searchIndex: SearchIndex;
  readonly cleanup: CleanupRuns;
  readonly space: Space;
  readonly sweep: Sweep;
  readonly work: WorkStates;
  readonly prefetches: PrefetchRuns;
  readonly deliveries: Deliveries;
  /**
   * Grows with each change of configuration or rights. Whatever was derived from `directory` and `credentials`
   * is valid only while it stands still.
   */
  generation(): Promise<number>;
  /** How many blobs are stored, counted anew each time, in steps that let others through: takes long where they are many. */
  blobCount(): Promise<number>;
  /**
   * Whether the log of a database within this process is being written back: who writes meanwhile may wait for the disk, and
   * all the process with him. So work that nobody waits for rests.
   */
  isWritingBack(): boolean;
  /** Why a trivial query is not answered, in words without a secret; undefined: it is. */
  unready(): Promise<string | undefined>;
  /** What it does not do although it answers, in words without a secret; undefined: nothing that is known. */
  impaired(): Promise<string | undefined>;
  /** Runs `work` while nobody else, on whatever server, runs any of the same name. Others wait. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type * from "./audit/contract.ts";
export * from "./credentials/contract.ts";
export type * from "./holdings/contract.ts";
export * from "./error.ts";
export type * from "./identity/contract.ts";
export type * from "./lists/contract.ts";
export type * from "./management/contract.ts";
export type * from "./people/contract.ts";
export * from "./rules/contract.ts";
export type * from "./snapshots/contract.ts";
export * from "./statistics/contract.ts";
export { settingsOf as prefetchSettings } from "./prefetches/settings.ts";
export { tagOf } from "./tags.ts";
export * from "./cleanup/contract.ts";
export * from "./oidc-issuers/contract.ts";
export type * from "./prefetches/contract.ts";
export type * from "./purges/contract.ts";
export type * from "./space/contract.ts";
export * from "./webhooks/contract.ts";
export type * from "./work/contract.ts";

// ---- groups, registries, upstreams -------------------------------------------------------------

export interface Group {
  id: number;
  /** The whole one: `acme/tools` is a subgroup of `acme`. */
  path: string;
  name: string;
  /** Its id, then those of the groups that it is in, the top-level group last: a role in one of them is a role in it. */
  lineage: readonly number[];
}

/** What a 401 or 403 of an upstream means: nothing there, or something is wrong. */
export type DeniedMeans = "absent" | "unsure";

export interface UpstreamSettings {
  name: string;
  description: string | undefined;
  /** Origin with an optional path, without `/v2` and without a slash at the end. */
  url: string;
  username: string | undefined;
  /** In the clear here, sealed at rest, bound to the upstream's id and origin. */
  password: string | undefined;
  /** The only token service of another origin that gets the credentials. */
  tokenRealm: string | undefined;
  /** 0: never checked again. */
  cacheValidityHours: number;
  deniedMeans: DeniedMeans;
  /** Whether a name without a slash means `library/<name>`. */
  libraryPrefix: boolean;
  /** How long a cached tag outlives its disappearance at this upstream, since it was last confirmed. */
  staleIfAbsentHours: number;
  /** Whether a stale tag is served at once and checked behind the client's back. */
  staleWhileRevalidate: boolean;
  /** PEM of the authorities that sign this upstream's certificate, instead of the well-known ones. */
  ca: string | undefined;
  rules: readonly Rule[];
  /** Of what its entries need; undefined: no limit of its own. */
  cacheMaxBytes: number | undefined;
  /**
   * The path of the group, any one, to whose members alone it answers; undefined: to all who may read the registry. Empty
   * where that group is gone: to nobody.
   */
  verifiedGroup: string | undefined;
}

export interface Upstream extends UpstreamSettings {
  id: number;
  groupId: number;
  /** Whether a tag is never fresh: each pull of one asks, whatever `cacheValidityHours` says. */
  alwaysCheck: boolean;
  /** The lower one of its own limit and its group's. */
  maxBytes: number | undefined;
  /** Days without a pull after which an entry does not count any more; undefined: it counts for ever. */
  ttlDays: number | undefined;
  /** Rises when URL, credentials or `ca` change; what was fetched or proven under an older one does not count. */
  version: number;
}

/** What becomes of a pull when an upstream gives no definite answer: it ends there, or the next one is asked. */
export type OnUnsure = "stop" | "continue";
/** Upstreams are asked one after another, or all at once, the order deciding among their answers. */
export type Ask = "in_order" | "parallel";

export interface Registry {
  id: number;
  groupId: number;
  name: string;
  description: string | undefined;
  onUnsure: OnUnsure;
  ask: Ask;
  /** In order of position, from the first asked to the last. */
  upstreams: Upstream[];
  /** By the id of an upstream that is for a group's members: the lineage of that group. */
  verified: ReadonlyMap<number, readonly number[]>;
}

/** The Dependency Proxy of a group as a registry with one upstream, which no registry of the group can have. */
export interface DependencyProxy extends Registry {
  /** Below 0, so that it is never that of a registry. */
  id: number;
  /** Whose members may pull: the group and those that it is in. */
  readers: readonly number[];
}

export interface RegistrySettings {
  /** The id to have; undefined takes the next free one. */
  id: number | undefined;
  name: string;
  description: string | undefined;
  onUnsure: OnUnsure;
  ask: Ask;
  /** Names of upstreams of the same group, in order. */
  upstreams: readonly string[];
}

/**
 * All writes are idempotent: saying the same thing twice changes nothing, the generation included. A write that
 * contradicts what is there throws a `MetadataError` (`refused`) and changes nothing.
 */
export interface Directory {
  /**
   * Undefined for an unknown id, and where the registries of its group are switched off. Answers from memory while the
   * generation stands still.
   */
  registry(id: number): Promise<Registry | undefined>;
  registries(): Promise<Registry[]>;
  /** Groups whose registries are switched off. Answers from memory as `registry` does. */
  switchedOff(): Promise<ReadonlySet<number>>;
  /** All, in order of id, with those of the Dependency Proxies. */
  upstreams(): Promise<Upstream[]>;
  /**
   * By the path that a group has, or had before it was renamed, in whatever case. Undefined where there is no such
   * group, or where its Dependency Proxy is switched off. Answers from memory as `registry` does. Without its upstream
   * until that is made.
   */
  dependencyProxy(groupPath: string): Promise<DependencyProxy | undefined>;
  /** The same with its upstream, which is made where there is none. */
  openDependencyProxy(groupPath: string): Promise<DependencyProxy | undefined>;
  groups(): Promise<Group[]>;
  /** By the path that a group has, or had before it was renamed, in whatever case. Answers from memory as `registry` does. */
  group(path: string): Promise<Group | undefined>;
  /** The group that had this path before it was renamed; undefined where another has it now. */
  formerGroup(path: string): Promise<Group | undefined>;
  /**
   * Creates the group with this path, or gives it this name. Paths that differ in case only are the same. The group
   * that a subgroup is in must be there. A path that another group had once is free.
   */
  saveGroup(group: { path: string; name: string }): Promise<Group>;
  /**
   * Creates or changes the upstream of this name, the oldest where several have it. Another URL: its entries are
   * deleted. Other credentials or authorities: its entries fall back to *named*, so that they are shown again before
   * they are served. Both raise its version.
   * The settings are complete: a password that is not given is none, whatever was stored.
   */
  saveUpstream(groupId: number, settings: UpstreamSettings): Promise<Upstream>;
  /** Creates or changes the registry with this id, or of this name, and its list of upstreams. */
  saveRegistry(groupId: number, settings: RegistrySettings): Promise<Registry>;
}

/** What is to be remembered of upstreams' health across restarts. It never raises the generation. */
export interface UpstreamStates {
  all(): Promise<UpstreamState[]>;
  /** Replaces what was noted of this upstream; nothing is kept for an upstream that is gone. */
  save(state: UpstreamState): Promise<void>;
}

export interface UpstreamState {
  upstreamId: number;
  /** `version` of the upstream that it was noted under; under another one it means nothing. */
  version: number;
  /** JSON of whoever notes it. */
  state: string;
}

// ---- the cache ---------------------------------------------------------------------------------

/**
 * *named*: a manifest of that upstream and repository names the digest, which is enough to ask for it. *shown*: that
 * upstream served it, or answered a HEAD for it, under that repository: only then stored bytes are served.
 */
export type Proof = "named" | "shown";

export interface EntryKey {
  upstreamId: number;
  repository: string;
  kind: ChildKind;
  /** A tag or a digest. */
  reference: string;
}

export interface CacheEntry extends EntryKey {
  id: number;
  digest: Digest;
  proof: Proof;
  /** Without quotes and weakness mark. */
  etag: string | undefined;
  contentType: string;
  /** Of a named entry: as its manifest says. */
  size: number;
  /** When the upstream last confirmed it; 0 for an entry that was never shown. */
  checkedAt: number;
  /** When it was last pulled, as far as that has been counted. */
  downloadedAt: number;
}

/** An entry together with its stored payload; undefined where another upstream's manifest has not been stored. */
export interface CachedManifest extends CacheEntry {
  payload: Uint8Array | undefined;
}

export interface FetchedManifest {
  groupId: number;
  upstreamId: number;
  /** `version` of the upstream when it was asked: what came under another one is not stored. */
  upstreamVersion: number;
  repository: string;
  /** Undefined when it was asked for by digest. */
  tag: string | undefined;
  digest: Digest;
  mediaType: ManifestMediaType;
  payload: Uint8Array;
  children: readonly Child[];
  etag: string | undefined;
  now: number;
}

export interface NamedObjects {
  groupId: number;
  upstreamId: number;
  /** As in `FetchedManifest`. */
  upstreamVersion: number;
  repository: string;
  objects: readonly Omit<Child, "platform">[];
  now: number;
}

export interface ShownObject extends EntryKey {
  groupId: number;
  /** As in `FetchedManifest`. */
  upstreamVersion: number;
  digest: Digest;
  contentType: string;
  size: number;
  etag: string | undefined;
  now: number;
}

/** `leaving`: maybe just being deleted; who stores it waits. `doubtful`: left by a removal, or found: the bytes can be anything. */
export type Recorded = "no" | "yes" | "leaving" | "doubtful";

export interface StoredBlobRecord {
  size: number;
  storedAt: number;
  /** When its bytes were last known to be right: stored, or hashed since. */
  verifiedAt: number;
}

export interface Downloads extends EntryKey {
  count: number;
  lastAt: number;
}

/** Bytes that are stored before anybody needs them. */
export interface KeptBlob {
  digest: Digest;
  size: number;
  now: number;
}

/** `upstreamIds` are always those of one registry: nothing here is found through another group's entries. */
export interface Cache {
  /**
   * Entries of one object among some upstreams, in no order. At most one per upstream. Of an upstream that is removed they
   * are left for a while (`Management.sweep`): what is there is told by its registry.
   */
  entries(
    upstreamIds: readonly number[],
    repository: string,
    kind: ChildKind,
    reference: string,
  ): Promise<CacheEntry[]>;
  /** The same for manifests, with their payloads: one query, for the hit path. */
  manifests(
    upstreamIds: readonly number[],
    repository: string,
    reference: string,
  ): Promise<CachedManifest[]>;
  /**
   * In one transaction: the payload and its children, an entry for the digest and one for the tag, both *shown*, and
   * *named* entries for the children that have none. An existing entry of the tag moves to the new digest; the entry
   * of the old digest stays.
   */
  storeManifest(manifest: FetchedManifest): Promise<void>;
  /** What an upstream says to have in a repository becomes *named*, where nothing is known of it. True if any was new. */
  name(named: NamedObjects): Promise<boolean>;
  /**
   * The bytes rest in the blob store: in one transaction the content row and the entry, *shown*. False, and nothing is
   * noted, where a server is just deleting them, or has done so: where they were on record before they came to rest
   * (`wasRecorded`) and are no more.
   */
  storeBlob(blob: ShownObject, wasRecorded?: boolean): Promise<boolean>;
  /**
   * The bytes rest in the blob store, and nobody may read them yet: the content row alone. What no entry comes to need is
   * swept a day later. False as for `storeBlob`.
   */
  keepBlob(blob: KeptBlob, wasRecorded?: boolean): Promise<boolean>;
  /**
   * The upstream answered a HEAD for an object whose bytes are stored already: the entry becomes *shown*. False, and nothing
   * is noted, where a blob is not stored any more.
   */
  show(object: ShownObject): Promise<boolean>;
  /**
   * The upstream confirmed the entry at `now`; a later time already noted stays. An entry that fell back to *named*
   * meanwhile stays as it is.
   */
  confirm(entryId: number, now: number): Promise<void>;
  /** Gives up one entry, named or shown; a pinned one stays. */
  deleteEntry(entryId: number): Promise<void>;
  /**
   * Whether an upstream of this group has ever given the bytes of this digest, so that the group has seen them. A claim to
   * have them is not enough: an upstream that lies could name anybody's.
   */
  hasSeen(groupId: number, digest: Digest): Promise<boolean>;
  /** What is known of stored content, whoever brought it. */
  blob(digest: Digest): Promise<StoredBlobRecord | undefined>;
  /** What is known of a blob for who stores it anew. */
  recorded(digest: Digest): Promise<Recorded>;
  /** The content turned out to be missing or wrong: it counts as not stored from here on. */
  forgetBlob(digest: Digest): Promise<void>;
  /** Adds to the counters of entries, in one transaction; what has no entry is passed over. */
  countDownloads(downloads: readonly Downloads[]): Promise<void>;
}
