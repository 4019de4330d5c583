import type { Caller } from "../../../access/contract.ts";
import { hashSecret, newSecret } from "../../../lib/secret.ts";
import type { TokenRecord } from "../../../metadata/contract.ts";
import { tagged } from "../conditions.ts";
import type { Asked } from "../endpoint.ts";
import { notFound } from "../errors.ts";
import type { ApiOptions } from "../options.ts";

/** What tells kinds of tokens apart. */
interface Kind {
  prefix: string;
  /** When what takes the place of one that ends `former` ends. */
  endOf: (
    caller: Caller,
    now: number,
    given: number | undefined,
    former: number | undefined,
  ) => number | undefined;
  json: (token: TokenRecord, now: number) => object;
}

type Rotation = Pick<
  Asked<unknown, unknown, { expires_at?: number | undefined }>,
  "caller" | "author" | "body" | "condition"
>;

/** Revokes a token that was granted and makes one like it; its secret is in this answer alone. */
export async function rotated(
  { identity, clock }: ApiOptions,
  { id, expiresAt: former }: TokenRecord,
  { caller, author, body, condition }: Rotation,
  { prefix, endOf, json }: Kind,
) {
  const { expires_at: given } = await body();
  const now = clock.now();
  const token = newSecret(prefix);
  const expiresAt = endOf(caller, now, given, former);
  const fields = { hash: hashSecret(token), expiresAt, createdBy: caller.userId };
  const made = await identity.by(author).tokens.rotate(id, fields, condition());
  if (!made) throw notFound();
  return { body: { ...json(made, now), token }, headers: tagged(made) };
}
