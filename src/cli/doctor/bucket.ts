import type { ExaminedBucket } from "../../examination.ts";
import { failed, type Finding, ok } from "./finding.ts";

type Trouble = NonNullable<ExaminedBucket["failure"]>["trouble"];

const there = "see to it that it runs and can be reached from here: WEIR_BLOBS_URL";
const fixes: Partial<Record<Trouble, string>> = {
  unreachable: there,
  timeout: there,
  untrusted: "set WEIR_BLOBS_CA to a PEM file with the authorities that sign it",
  denied: "see the credentials, and the rights that docs/configuration.md lists",
  no_bucket: "make it, or name another one: WEIR_BLOBS_URL",
};

/** Nothing where blobs are in the data folder. That it can be written to is not tried: it would change something. */
export function bucketFindings(bucket: ExaminedBucket | undefined): Finding[] {
  if (!bucket) return [];
  const where = `${bucket.name} at ${bucket.endpoint}`;
  if (!bucket.failure) return [ok("bucket", `${where} can be read`)];
  const { trouble, code, message } = bucket.failure;
  const fix = fixes[trouble] ?? "look at what its service says of it";
  return [failed("bucket", `${where}: ${message} (${code})`, fix)];
}
