import type {
  AuditFact,
  Author,
  CacheEntry,
  Group,
  Registry,
  RegistrySettings,
  Upstream,
  UpstreamSettings,
} from "../contract.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import type { ManagedCleanupPolicies } from "../cleanup/contract.ts";
import type { ManagedRules } from "../rules/contract.ts";
import type { ManagedOidcIssuers } from "../oidc-issuers/contract.ts";
import type { ManagedPrefetches } from "../prefetches/contract.ts";
import type { ManagedWebhooks } from "../webhooks/contract.ts";
import type { PurgePreview, PurgeSelection } from "../purges/contract.ts";

/**
 * Groups, their registries, upstreams and cache entries as people manage them: by id, one thing at a time. Ids are never
 * given out twice. An id that is unknown gives undefined, or `absent`; a write that cannot be is a `MetadataError`
 * (`refused`) with the field to blame in `invalid`, and changes nothing; so is one whose condition does not hold (`changed`). Each change raises the generation. Positions
 * in a registry always run from 1 without gaps, and limits hold among parallel calls.
 */
export interface Management {
  /** The same, what it changes being put on record as changed by this author; without one, by this server itself. */
  by(author: Author): Management;
  /** Puts on record what was done and changes nothing here. */
  note(fact: AuditFact): Promise<void>;
  /**
   * A step: gives up some lists and entries of upstreams that have been removed, or had another URL, or settles some of what
   * other credentials have left in doubt. How many these were; 0: there are no more. A change is whole without it: nobody sees
   * them any more, or as *named*. Safe to repeat after a kill.
   */
  sweep(): Promise<number>;
  /** By id, or by the path that it has now, in whatever case. */
  group(by: { id: number } | { path: string }): Promise<Group | undefined>;
  readonly groups: ManagedGroups;
  readonly dependencyProxies: ManagedDependencyProxies;
  readonly virtualRegistries: ManagedVirtualRegistries;
  readonly registries: ManagedRegistries;
  readonly upstreams: ManagedUpstreams;
  readonly rules: ManagedRules;
  readonly associations: ManagedAssociations;
  readonly entries: ManagedEntries;
  readonly cleanupPolicies: ManagedCleanupPolicies;
  readonly prefetches: ManagedPrefetches;
  readonly webhooks: ManagedWebhooks;
  readonly oidcIssuers: ManagedOidcIssuers;
}

export interface ManagedGroups {
  /**
   * `path` is its last part. A top-level group where no other is given to be in; that has this user as its owner.
   */
  create(
    parentId: number | undefined,
    fields: { name: string; path: string },
    ownerId: number,
  ): Promise<Group>;
  /** With everything in it, groups below included, and the bots of these groups' tokens. At once, as all removals are. */
  remove(id: number, condition?: Condition): Promise<Removal>;
  /** How many bytes its entries may need, those of its subgroups not counted; undefined: no limit. The tag is that of `{ maxBytes }`. */
  limit(id: number, maxBytes: number | undefined, condition?: Condition): Promise<void>;
  /**
   * `path` is the last part of the group's path. Everything below moves along, and the Dependency Proxies are found by
   * their former paths too, until another group has such a path.
   */
  change(
    id: number,
    changes: { name?: string | undefined; path?: string | undefined },
    condition?: Condition,
  ): Promise<Group | undefined>;
}

/** The registries of a top-level group as a whole. */
export interface ManagedVirtualRegistries {
  settings(groupId: number): Promise<VirtualRegistrySettings>;
  /** Switched off, all of them look as if they were not there, to pulls as to people; nothing of them is given up. */
  change(
    groupId: number,
    settings: VirtualRegistrySettings,
    condition?: Condition,
  ): Promise<VirtualRegistrySettings>;
}

export interface VirtualRegistrySettings {
  enabled: boolean;
}

/** Their upstreams, and what is cached of those, are to be seen nowhere else. */
export interface ManagedDependencyProxies {
  /** Of any group; those of one that nobody has touched are the defaults. */
  settings(groupId: number): Promise<DependencyProxySettings>;
  /** A user name with its password, or both undefined; another login is as that of `ManagedUpstreams.change`. */
  change(
    groupId: number,
    changes: DependencyProxyChanges,
    condition?: Condition,
  ): Promise<DependencyProxySettings>;
  /** Gives up all its entries, as `ManagedUpstreams.purge` does. */
  purge(groupId: number, condition: Condition): Promise<Removal>;
  /** A step: gives up some of the entries that have not been pulled for as long as their groups want; 0: there are no more. */
  expire(): Promise<number>;
}

export interface DependencyProxySettings {
  enabled: boolean;
  /** The user name at the upstream; the password is nothing that anybody gets to see. */
  identity: string | undefined;
  ttlEnabled: boolean;
  ttlDays: number;
  /** Of its upstream, 0 where there is none yet: it rises with another login. */
  version: number;
}

export interface DependencyProxyChanges {
  enabled?: boolean | undefined;
  identity?: string | undefined;
  secret?: string | undefined;
  ttlEnabled?: boolean | undefined;
  ttlDays?: number | undefined;
}

export interface ManagedRegistries {
  /** In order of id. */
  list(groupId: number): Promise<RegistryRecord[]>;
  get(id: number): Promise<RegistryRecord | undefined>;
  /** With this id, or the next one where none is given. */
  create(groupId: number, fields: RegistryFields, id?: number): Promise<RegistryRecord>;
  change(
    id: number,
    changes: Partial<RegistryFields>,
    condition?: Condition,
  ): Promise<RegistryRecord | undefined>;
  /** Removes with it those of its upstreams that no other registry has, and their entries. */
  remove(id: number, condition: Condition): Promise<Removal>;
  /** Gives up entries of those of its upstreams that no other registry has, as `ManagedUpstreams.purge` does. */
  purge(id: number, condition: Condition, selection?: PurgeSelection): Promise<Removal>;
  /** What that would give up. Undefined for an unknown registry. */
  preview(id: number, selection: PurgeSelection): Promise<PurgePreview | undefined>;
}

export interface ManagedUpstreams {
  /** In order of id; searched by name. */
  list(groupId: number, options: PageOptions): Promise<Page<UpstreamRecord>>;
  /** In order of position. */
  ofRegistry(registryId: number): Promise<UpstreamRecord[]>;
  get(id: number): Promise<UpstreamRecord | undefined>;
  /** In no registry's list. */
  createUnlisted(groupId: number, settings: UpstreamSettings): Promise<UpstreamRecord>;
  /** At the end of the registry's list, or not at all. Undefined for an unknown registry. */
  create(registryId: number, settings: UpstreamSettings): Promise<UpstreamRecord | undefined>;
  /**
   * What is undefined in `changes` becomes unset. With another URL the credentials go, unless the changes give both
   * anew, and so do the token service that is not given and the entries: nothing that was meant for one host follows
   * to another.
   */
  change(
    id: number,
    changes: Partial<UpstreamSettings>,
    condition?: Condition,
  ): Promise<UpstreamRecord | undefined>;
  /** From every registry; its entries go with it. */
  remove(id: number, condition: Condition): Promise<Removal>;
  /**
   * Gives up these of its entries and lists; without a selection all that is not pinned. Up to some thousand are gone when this resolves; the others go in steps of
   * `Purges`, and may be served until then.
   */
  purge(id: number, condition: Condition, selection?: PurgeSelection): Promise<Removal>;
  /** What that would give up, in steps between which others have their turn. Undefined for an unknown upstream. */
  preview(id: number, selection: PurgeSelection): Promise<PurgePreview | undefined>;
}

export interface ManagedAssociations {
  get(id: number): Promise<PlacedAssociation | undefined>;
  /** At the end of the list. Undefined where the two are not there, or not of one group. */
  create(registryId: number, upstreamId: number): Promise<PlacedAssociation | undefined>;
  /** To this position, or to the last one where there are fewer. */
  move(id: number, position: number, condition?: Condition): Promise<PlacedAssociation | undefined>;
  /** The upstream and its entries stay. */
  remove(id: number, condition: Condition): Promise<Removal>;
}

/** What upstreams have shown; entries that are only named are not to be seen here. */
export interface ManagedEntries {
  /** The newest first; searched by path. */
  list(upstreamId: number, options: PageOptions): Promise<Page<EntryRecord>>;
  get(id: number): Promise<EntryRecord | undefined>;
  /** Repositories of which something can be seen, in order of name; searched by name. */
  repositories(upstreamId: number, options: RepositoryOptions): Promise<Page<RepositoryRecord>>;
  /**
   * Those of one repository: tags, then manifests by digest, then blobs, each in order of reference; searched by path. Of
   * more than 10,000, those that a search finds come with the newest first.
   */
  ofRepository(place: EntryPlace, options: PageOptions & Ordered): Promise<Page<EntryRecord>>;
  /** Which of these references are there, and what for. */
  present(
    place: { upstreamId: number; repository: string; kind: ChildKind },
    references: readonly string[],
  ): Promise<Map<string, PresentEntry>>;
  /** Tags of the repository that stand for this digest, in order, at most so many. */
  tagsOf(place: EntryPlace & { digest: Digest }, most: number): Promise<string[]>;
  /** The manifest of an entry that is there, byte for byte; undefined where it is not stored, or larger than this. */
  payload(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined>;
  /** The newest manifest of an upstream. */
  newestManifest(upstreamId: number): Promise<EntryRecord | undefined>;
  remove(id: number, condition: Condition): Promise<Removal>;
  /**
   * Pins it: no purge, policy or limit gives it up, nor what it needs within its repository (manifests and blobs that it
   * leads to). A tag that is pinned stays so when it moves. It goes only where it is removed itself, or its upstream is, or
   * has another URL, or where a purge is for pinned entries too.
   */
  pin(id: number, condition?: Condition): Promise<EntryRecord | undefined>;
  unpin(id: number, condition: Condition): Promise<Removal>;
}

export type RegistryFields = Pick<RegistrySettings, "name" | "description" | "onUnsure" | "ask">;

interface Times {
  createdAt: number;
  updatedAt: number;
}

/** The place of an upstream in a registry. */
export interface Association extends Times {
  id: number;
  groupId: number;
  registryId: number;
  upstreamId: number;
  /** From 1. */
  position: number;
}

/** With the list that it stands in: whoever moves one moves others too. */
export interface PlacedAssociation extends Association {
  /** Ids of the registry's associations, by position. */
  order: readonly number[];
}

export interface RegistryRecord extends Omit<Registry, "upstreams" | "verified">, Times {
  /** In order of position. */
  associations: Association[];
}

export interface UpstreamRecord extends Upstream, Times {
  /** In order of registry. */
  associations: Association[];
}

export interface EntryRecord extends CacheEntry, Times {
  groupId: number;
  /** `/<repository>/manifests|blobs/<reference>`. */
  relativePath: string;
  downloadedAt: number;
  downloads: number;
  pinned: boolean;
}

/** What an entry is had by: a manifest by tag or digest, a blob. */
export type EntryKind = "tag" | "digest" | "blob";

export interface EntryPlace {
  upstreamId: number;
  repository: string;
  /** Undefined: all. */
  kind?: EntryKind | undefined;
}

export interface Ordered {
  /** From the last to the first. */
  isDescending: boolean;
}

export interface PresentEntry {
  id: number;
  digest: Digest;
  size: number;
  contentType: string;
}

/** What can be seen of a repository. */
export interface RepositoryRecord {
  repository: string;
  entries: number;
  /** Manifests by tag, and by digest; the others are blobs. */
  tags: number;
  digests: number;
  size: number;
  /** When something of it was last pulled, whether that is still there or not. */
  lastDownloadedAt: number;
}

export interface RepositoryOptions extends PageOptions {
  /** Only those behind this name. */
  after?: string | undefined;
}

export interface PageOptions {
  /** Each must be part of the text that is searched, in whatever case. */
  words: readonly string[];
  /** From 1. */
  page: number;
  perPage: number;
}

export interface Page<T> {
  items: T[];
  /** On all pages; undefined where there are too many to count. */
  total: number | undefined;
}

/** What must hold for a removal or change; it is looked at in the transaction that writes. */
export interface Condition {
  /** No change after this time, to the second; of what has no time it is not asked. */
  unmodifiedSince: number | undefined;
  /** One of these is the record's tag (`tagOf`); undefined: whatever it is. */
  tags?: readonly string[] | undefined;
}

/** `changed`: the condition does not hold, and all is as it was. */
export type Removal = "removed" | "absent" | "changed";
