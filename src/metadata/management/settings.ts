import type { Selectable } from "kysely";
import { MetadataError, type UpstreamSettings } from "../contract.ts";
import type { UpstreamsTable } from "../schema.ts";
import { normalUrl } from "../upstream-url.ts";
import { changeUpstream, type Saving, upstreamOf } from "../upstreams.ts";

type Row = Selectable<UpstreamsTable>;
type Login = Pick<UpstreamSettings, "username" | "password">;

/** Changes some settings of an upstream (`ManagedUpstreams.change`). */
export async function changeSettings(
  saving: Saving,
  row: Row,
  changes: Partial<UpstreamSettings>,
): Promise<void> {
  const present = await upstreamOf(saving.tx, row, saving.passwords);
  const moves = changes.url !== undefined && normalUrl(changes.url) !== row.url;
  if (!moves && !("username" in changes) && !("password" in changes)) {
    // As it is stored: one that cannot be opened with the present key is not lost by a change of something else.
    await changeUpstream(saving, row, { ...present, ...changes }, row.sealed_password);
    return;
  }
  const login = moves ? loginForNewHost(changes) : { ...present, ...changes };
  const tokenRealm = moves ? changes.tokenRealm : present.tokenRealm;
  const settings = {
    ...present,
    tokenRealm,
    ...changes,
    username: login.username,
    password: login.password,
  };
  refuseHalfLogin(settings);
  await refuseDuplicate(saving, row.group_id, settings, row.id);
  await changeUpstream(saving, row, settings);
}

/** Both, given anew, or none. */
function loginForNewHost({ username, password }: Partial<Login>): Login {
  const both = username !== undefined && password !== undefined;
  return both ? { username, password } : { username: undefined, password: undefined };
}

export function refuseHalfLogin({ username, password }: Login): void {
  if ((username === undefined) === (password === undefined)) return;
  const field = username === undefined ? "username" : "password";
  const message = `an upstream has a user name and a password or neither; there is no ${field}`;
  throw new MetadataError("refused", message, { invalid: { field, text: "can't be blank" } });
}

/** Throws where another upstream of the group has the same URL and credentials. */
export async function refuseDuplicate(
  { tx, passwords }: Saving,
  groupId: number,
  { url, username, password }: Login & { url: string },
  ownId?: number,
): Promise<void> {
  const rows = await tx
    .selectFrom("upstreams")
    .selectAll()
    .where("group_id", "=", groupId)
    .where("kind", "=", "registry")
    .where("url", "=", normalUrl(url))
    .where("username", username === undefined ? "is" : "=", username ?? null)
    .execute();
  for (const row of rows) {
    if (row.id === ownId || (await passwords.open(row)) !== password) continue;
    throw new MetadataError("refused", `upstream ${row.id} has the same URL and credentials`, {
      invalid: { field: "group", text: "already has an upstream with the same credentials" },
    });
  }
}
