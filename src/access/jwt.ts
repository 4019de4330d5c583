import { parseStrictJson } from "../lib/strict-json.ts";

/** Longer than any id token that comes as a password. */
const maxLength = 8192;
const form = /^([\w-]+)\.([\w-]+)\.[\w-]+$/;
const limits = { depth: 8, elements: 1000 };
const decoder = new TextDecoder("utf-8", { fatal: true });

/** What a JWT says of itself; nothing of it is proven. */
export interface ReadJwt {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

/** Undefined for what is no signed JWT in compact form (RFC 7515, section 7.1). */
export function readJwt(text: string): ReadJwt | undefined {
  // Every JSON object that begins with a key begins so.
  if (!text.startsWith("eyJ") || text.length > maxLength) return undefined;
  const [, head = "", body = ""] = form.exec(text) ?? [];
  const header = readPart(head);
  const claims = header && readPart(body);
  return claims && { header, claims };
}

function readPart(part: string): Record<string, unknown> | undefined {
  try {
    // No key twice: what is read here is what is read again when the signature has been checked.
    const value = parseStrictJson(decoder.decode(Buffer.from(part, "base64url")), limits);
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    return isMap ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // somebody's password that looks like a JWT: nothing to be told of
  }
}
