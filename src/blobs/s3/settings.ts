import type { CredentialSource } from "./credentials.ts";

/** A bucket, and how it is spoken to. */
export interface BucketSettings {
  /** Scheme, host and port. */
  endpoint: string;
  region: string;
  bucket: string;
  /** Of all keys; without slashes at its ends, or empty. */
  prefix: string;
  /** Whether the bucket's name stands in the path, or before the endpoint's host name. */
  addressing: "path" | "host";
  /** What new objects are encrypted with; undefined: as the bucket has it. */
  encryption: { algorithm: "AES256" | "aws:kms"; kmsKey: string | undefined } | undefined;
  /** Whether SHA-256 is sent for the service to keep, beside being signed. */
  checksums: boolean;
  credentials: CredentialSource;
  /** Certificates in PEM of those who sign the endpoint's; undefined: the well-known authorities. */
  ca: string | undefined;
}
