import type { BucketSettings } from "./settings.ts";
import { escape } from "./signing.ts";

/** Of an object, its key below the prefix; undefined: of the bucket itself. */
export function addressOf(
  { endpoint, bucket, addressing }: BucketSettings,
  key: string | undefined,
): URL {
  const path = (key ?? "").split("/").map(escape).join("/");
  if (addressing === "path")
    return new URL(`/${bucket}${key === undefined ? "" : `/${path}`}`, endpoint);
  const url = new URL(`/${path}`, endpoint);
  url.hostname = `${bucket}.${url.hostname}`;
  return url;
}
