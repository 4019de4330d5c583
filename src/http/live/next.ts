import { type ErrorCode, RegistryError } from "../../oci/error.ts";
import { type UnsureReason, UpstreamError } from "../../upstream/contract.ts";

/** Why a pull failed, in words, and what somebody can do about it. */
export interface PullError {
  code: string;
  message: string;
  next: string;
}

/** What to do about an upstream that gave no definite answer: the table of docs/troubleshooting.md is made of this and the next. */
export const nextByReason: Record<UnsureReason, string> = {
  unreachable:
    "see whether the upstream is up and this server may reach it; check its URL, and its ca where it has an authority of its own",
  timeout: "see whether the upstream is slow or overloaded, then pull again",
  denied:
    "give the upstream credentials that may pull this, or set denied_means: absent if it says so of what it has not got",
  rate_limited: "wait until the limit is reset, or give the upstream a login for a higher one",
  broken: "the operators of the upstream have to look; pull again later",
  invalid:
    "see whether the upstream, or a proxy before it, serves what it should: nothing of it was stored",
  blocked:
    "allow its address with WEIR_ALLOWED_UPSTREAM_ADDRESSES, or set its token_realm, if that is meant",
};

/** What to do about any other refusal. */
export const nextByCode: Record<ErrorCode, string> = {
  bad_request: "correct the parameter that the message names",
  name_invalid: "correct the name: lower case, at most 255 characters",
  digest_invalid: "correct the digest",
  tag_invalid: "correct the tag",
  unauthorized: "log in with an access token as the password",
  denied: "take a token whose scopes allow pulling",
  banned: "wait, and see to the credentials that this address uses",
  name_unknown: "check the name, and that the registry has an upstream for it",
  manifest_unknown:
    "check name and tag at the upstream itself; a private image needs credentials there",
  blob_unknown: "pull the image anew; if it stays so, its upstream has lost the blob",
  not_found: "correct the path: manifests, blobs, tags and referrers can be pulled",
  unsupported: "push to the upstream itself: this server only pulls",
  range_invalid: "ask for a part within the blob",
  too_large: "ask for less at a time",
  rate_limited: "wait, then pull again",
  upstream_invalid:
    "see whether the upstream, or a proxy before it, serves what it should: nothing of it was stored",
  upstream_unavailable: "see how the upstream is doing, then pull again",
  unavailable: "pull again; the log says what of this server does not answer",
  loop: "change the URL of the upstream that leads back to this server",
  internal: "report it with the line that the log has under this request id",
};

export const nextOfRules = "change the rules of the upstreams, or pull another name";
export const nextOfCut = "pull again; the log has the reason under this request id";

/** A refusal, or what has cut a transfer, as it is told. */
export function pullError(failure: unknown): PullError {
  if (failure instanceof RegistryError) {
    const { code, message } = failure;
    return { code, message, next: nextOf(failure) };
  }
  if (failure instanceof UpstreamError) {
    const { message, reason } = failure;
    const code = reason === "invalid" ? "upstream_invalid" : "upstream_unavailable";
    return { code, message, next: nextByReason[reason] };
  }
  return { code: "cut", message: "the transfer was cut before its end", next: nextOfCut };
}

function nextOf({ code, detail = {} }: RegistryError): string {
  const { asked, upstreams } = detail;
  if (Array.isArray(asked) && asked.length === 0) return nextOfRules;
  const [blamed] = Array.isArray(upstreams) ? (upstreams as unknown[]) : [detail];
  const reason = reasonIn(blamed);
  return reason !== undefined && code !== "loop" ? nextByReason[reason] : nextByCode[code];
}

function reasonIn(blamed: unknown): UnsureReason | undefined {
  if (typeof blamed !== "object" || blamed === null || !("reason" in blamed)) return undefined;
  const { reason } = blamed;
  return isReason(reason) ? reason : undefined;
}

const isReason = (reason: unknown): reason is UnsureReason =>
  typeof reason === "string" && Object.hasOwn(nextByReason, reason);
