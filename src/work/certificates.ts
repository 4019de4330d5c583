import { X509Certificate } from "node:crypto";
import type { Settings } from "./settings.ts";
import { type Leaf, leaf, readText } from "./text.ts";

/** More than any list of authorities for one server. */
const maxLength = 32 << 10;
const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----/g;

/** Certificates in PEM, whatever stands between them being left out. */
export const certificates: Leaf<string> = leaf(
  "must be one or more certificates in PEM, of at most 32 KiB",
  (text) => {
    const found = text.length <= maxLength ? (text.match(block) ?? []) : [];
    if (found.length === 0 || !found.every(isCertificate)) return undefined;
    return found.map((pem) => `${pem}\n`).join("");
  },
);

/** The path of a file with them. */
export function certificatesFile({ readFile }: Settings): Leaf<string> {
  return leaf("must be the path of a readable PEM file with certificates", (file) => {
    const text = readText(readFile, file);
    return typeof text === "string" ? certificates.safeParse(text).data : undefined;
  });
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false; // what it is instead is of no use to anybody
  }
}
