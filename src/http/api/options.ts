import type { ApiAccess } from "../../access/contract.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Directory, Identity, Management } from "../../metadata/contract.ts";
import type { Puller } from "../../pull/contract.ts";
import type { UpstreamClient } from "../../upstream/contract.ts";

/** What the management API works with. */
export interface ApiOptions {
  access: ApiAccess;
  management: Management;
  identity: Identity;
  directory: Directory;
  puller: Puller;
  client: UpstreamClient;
  clock: Clock;
  log: Log;
  /** What clients use, without a slash at the end. */
  externalUrl: string;
  version: string;
  /** Whether the URL plainly names an inner address that upstreams may not have. Asks nobody. */
  isInner: (url: string) => Promise<boolean>;
}
