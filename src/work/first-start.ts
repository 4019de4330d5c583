import { hashSecret, newSecret } from "../lib/secret.ts";
import type { Metadata, UpstreamSettings } from "../metadata/contract.ts";
import type { Declaration, Prepared, StartSettings } from "./contract.ts";
import { declare } from "./declare.ts";
import { adminName } from "./declared.ts";
import { defaultGroup } from "./shapes.ts";

const adminTokenName = "admin";

/**
 * Makes the database ready to serve: what a first start needs, then what is declared, then the administrator with a
 * token, last, so that an interrupted first start is begun again. A given token is set at each start.
 */
export async function prepare(
  metadata: Metadata,
  { firstUpstream, adminToken, declared }: StartSettings,
): Promise<Prepared> {
  const { directory, credentials } = metadata;
  const first = !(await credentials.hasToken(adminName, adminTokenName));
  if (first) await makeDefaults(metadata, firstUpstream, declared);
  await declare(metadata, declared);
  const made = first && adminToken === undefined ? newSecret("weir_pat_") : undefined;
  const secret = adminToken ?? made;
  if (secret !== undefined) await saveAdmin(metadata, secret);
  const registries = await directory.registries();
  const [registry] = registries.toSorted((a, b) => a.id - b.id);
  return { first, adminToken: made, registry };
}

async function makeDefaults(
  { directory }: Metadata,
  firstUpstream: UpstreamSettings,
  declared: Declaration,
): Promise<void> {
  const group = await directory.saveGroup({ path: defaultGroup, name: defaultGroup });
  const present = await directory.registries();
  if (present.length > 0 || declared.registries.length > 0) return;
  await directory.saveUpstream(group.id, firstUpstream);
  const upstreams = [firstUpstream.name];
  await directory.saveRegistry(group.id, {
    id: 1,
    name: "default",
    description: undefined,
    onUnsure: "stop",
    ask: "in_order",
    upstreams,
  });
}

async function saveAdmin({ credentials }: Metadata, secret: string): Promise<void> {
  const user = await credentials.saveUser({ username: adminName, admin: true }, new Map());
  await credentials.saveToken(user.id, {
    name: adminTokenName,
    hash: hashSecret(secret),
    scopes: ["api"],
    expiresAt: undefined,
  });
}
