import { MetadataError } from "./contract.ts";

/**
 * The one spelling of an upstream's URL: origin and path, without a slash at the end and without the API's `/v2`,
 * so that `https://Example.com:443/v2/` and `https://example.com` are the same upstream. Throws a `MetadataError`
 * (`refused`) for anything that is not such a URL; a URL with user info is never shown.
 */
export function normalUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw refused("it must start with http:// or https://");
  if (url.username || url.password) throw refused("give user name and password as such, not in it");
  if (url.search || url.hash) throw refused("it must not have a query or a fragment");
  const path = url.pathname.replace(/\/+$/, "").replace(/(?:\/+v2)+$/, "");
  return url.origin + path;
}

function refused(reason: string): MetadataError {
  return new MetadataError("refused", `the URL of an upstream is not acceptable: ${reason}`);
}
