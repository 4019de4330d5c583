import type { Log } from "../lib/log.ts";
import type { Sealer } from "../lib/seal.ts";
import { lockUpstream } from "./turns.ts";
import type { Saving } from "./upstreams.ts";
import { secretContext } from "./webhooks/rows.ts";

/** An upstream as far as its password is bound to it. */
interface Holder {
  id: number;
  name: string;
  url: string;
  sealed_password: string | null;
}

/** Upstreams' passwords at rest, each bound to its upstream's id and origin. */
export class Passwords {
  constructor(
    readonly sealer: Sealer,
    readonly log: Log,
  ) {}

  seal(upstream: { id: number; url: string }, password: string): Promise<string> {
    return this.sealer.seal(password, context(upstream));
  }

  /** Whether it needs no sealing anew. */
  isCurrent({ sealed_password: sealed }: Holder): boolean {
    return sealed === null || this.sealer.isCurrent(sealed);
  }

  /** Whether it can be opened, or there is none. */
  async opens(upstream: Holder): Promise<boolean> {
    const { sealed_password: sealed } = upstream;
    return sealed === null || (await this.sealer.open(sealed, context(upstream))) !== undefined;
  }

  /** Undefined where there is none, or where it cannot be opened: a wrong key closes this login and nothing else. */
  async open(upstream: Holder): Promise<string | undefined> {
    if (upstream.sealed_password === null) return undefined;
    const password = await this.sealer.open(upstream.sealed_password, context(upstream));
    if (password === undefined) {
      this.log.warn("the password of an upstream cannot be opened with this secret key", {
        upstream: upstream.name,
      });
    }
    return password;
  }
}

/** Seals anew what was sealed with a former key, so that it can be done without. Of how many upstreams that was. */
export async function sealAnew(saving: Saving): Promise<number> {
  const { tx, passwords, changed } = saving;
  await sealSecretsAnew(saving);
  const rows = await tx
    .selectFrom("upstreams")
    .select(["id", "name", "url", "sealed_password"])
    .where("sealed_password", "is not", null)
    .orderBy("id")
    .execute();
  let count = 0;
  for (const row of rows.filter((one) => !passwords.isCurrent(one))) {
    const password = await passwords.open(row);
    if (password === undefined) continue;
    const columns = { sealed_password: await passwords.seal(row, password) };
    await lockUpstream(tx, row.id);
    await tx.updateTable("upstreams").set(columns).where("id", "=", row.id).execute();
    count++;
    changed();
  }
  return count;
}

/** The same for what messages to webhooks are signed with. */
async function sealSecretsAnew({ tx, passwords: { sealer } }: Saving): Promise<void> {
  const rows = await tx.selectFrom("webhooks").select(["id", "sealed_secret"]).execute();
  for (const { id, sealed_secret: sealed } of rows) {
    if (sealer.isCurrent(sealed)) continue;
    const secret = await sealer.open(sealed, secretContext(id));
    if (secret === undefined) continue;
    const columns = { sealed_secret: await sealer.seal(secret, secretContext(id)) };
    await tx.updateTable("webhooks").set(columns).where("id", "=", id).execute();
  }
}

function context({ id, url }: { id: number; url: string }): string {
  return `upstream:${id}:${new URL(url).origin}`;
}
