import type { ApiAccess, Incidents, Logins } from "../../access/contract.ts";
import type {
  PasswordAccess,
  ProviderAccess,
  SessionAccess,
} from "../../access/people/contract.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type {
  AuditLog,
  Directory,
  Identities,
  Identity,
  Management,
  Space,
  Statistics,
  UserRights,
} from "../../metadata/contract.ts";
import type { Inspector } from "../../pull/inspection/contract.ts";
import type { Images } from "../../pull/images/contract.ts";
import type { PullStatistics, Puller } from "../../pull/contract.ts";
import type { UpstreamClient } from "../../upstream/contract.ts";
import type { Verifier } from "../../work/contract.ts";
import type { EvictionPreviewer, Runner } from "../../work/contract.ts";
import type { RecentPulls } from "../live/pulls.ts";
import type { RecentRequests } from "../live/requests.ts";
import type { Listeners } from "./event-stream.ts";

/** What the management API works with. */
export interface ApiOptions {
  access: ApiAccess;
  people: PeopleOptions;
  logins: Logins;
  incidents: Incidents;
  audit: AuditLog;
  management: Management;
  identity: Identity;
  statistics: Statistics;
  /** Where pulls are counted, to be written before the statistics are read. */
  pullStatistics: PullStatistics;
  directory: Directory;
  puller: Puller;
  images: Images;
  inspector: Inspector;
  verifier: Verifier;
  client: UpstreamClient;
  runner: Runner;
  space: Space;
  eviction: EvictionPreviewer;
  /** Of what asks the database each second. */
  listeners: Listeners;
  /** Of what happens, which is in memory. */
  watchers: Listeners;
  recentPulls: RecentPulls;
  recentRequests: RecentRequests;
  clock: Clock;
  log: Log;
  /** What clients use, without a slash at the end. */
  externalUrl: string;
  version: string;
  hasDependencyProxies: boolean;
  isTrustedProxy: (address: string) => boolean;
  /** Whether the URL plainly names an inner address that upstreams may not have. Asks nobody. */
  isInner: (url: string) => Promise<boolean>;
  /** Told of content that goes to a client. */
  sent: (bytes: number) => void;
  /** What the server allows a connection otherwise. */
  idleSeconds: number;
}

/** People, and how they sign in. */
export interface PeopleOptions {
  passwords: PasswordAccess;
  sessions: SessionAccess;
  providers: ProviderAccess;
  identities: Identities;
  /** Undefined where the user is not active, or gone. */
  rightsOf: (userId: number) => Promise<UserRights | undefined>;
}
