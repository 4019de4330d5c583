import { parseImage } from "../../oci/reference.ts";
import { leaf, matching } from "../text.ts";

const maxImage = 600;

/** As a registry calls it, without our own prefix. */
export const imageName = leaf(
  "must be <repository>[:<tag>][@<digest>], as the registry calls it, such as library/alpine:3.20",
  (text) => (text.length <= maxImage && parseImage(text) ? text : undefined),
);

export const platform = matching(
  /^(?:all|[a-z0-9_]{1,32}\/[a-z0-9_]{1,32}(?:\/[a-z0-9.]{1,32})?)$/,
  "must be all, or a system and an architecture such as linux/amd64 or linux/arm64/v8",
);
