import { type ApiAccess, type Caller, isJobs, type Logins } from "../../access/contract.ts";
import type { Author } from "../../metadata/contract.ts";
import { clientAddress } from "../client-address.ts";
import type { Env, Exchange } from "../exchange.ts";

interface Options {
  access: ApiAccess;
  logins: Logins;
  isTrustedProxy: (address: string) => boolean;
}

/** A request in the router's hands. */
interface Asking {
  req: { raw: Request };
  env: Env["Bindings"];
  var: { exchange: Exchange };
}

/** Where a request comes from, as far as that can be told. */
export function addressOf(
  { req: { raw }, env: { server } }: Asking,
  { isTrustedProxy }: Pick<Options, "isTrustedProxy">,
): string | undefined {
  return clientAddress(server.requestIP(raw)?.address, raw.headers, isTrustedProxy);
}

/** The caller, as what he changes is put on record. */
export function authorOf(
  { actor: { kind, name }, userId }: Pick<Caller, "actor" | "userId">,
  from: Pick<Author, "address" | "requestId">,
): Author {
  return { actor: { kind, id: userId, name }, ...from };
}

const tokenHeaders = ["private-token", "job-token", "authorization"];

/** Whether a token was given, whatever it is worth. */
export function hasToken({ req: { raw } }: Pick<Asking, "req">): boolean {
  return tokenHeaders.some((name) => raw.headers.has(name));
}

/** Who asks, by an access token; undefined for nobody, and for a token that does not count. Throws while it may not be tried. */
export async function callerOf(asking: Asking, options: Options): Promise<Caller | undefined> {
  const { headers } = asking.req.raw;
  const privateToken = headers.get("private-token") ?? undefined;
  const authorization = headers.get("authorization") ?? undefined;
  const jobToken = headers.get("job-token") ?? undefined;
  const given = { privateToken, jobToken, authorization };
  if (!hasToken(asking)) return undefined;
  const requestId = asking.var.exchange.id;
  const ofJob = privateToken === undefined && jobToken !== undefined && isJobs(jobToken);
  const attempt = { address: addressOf(asking, options), account: undefined, requestId, ofJob };
  options.logins.mayTry(attempt);
  const caller = await options.access.caller(given);
  if (!caller) options.logins.failed(attempt);
  return caller;
}
