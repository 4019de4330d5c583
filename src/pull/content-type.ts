/** Types that a stored blob may be answered with; everything else is just bytes. */
const allowed =
  /^application\/(?:octet-stream|vnd\.(?:oci|docker|dev\.cosign|in-toto|cncf|wasm)[a-z0-9.+_-]*)$/;
const plain = "application/octet-stream";

/** The type to store with a blob: what the upstream says, if it is one that no browser acts upon. */
export function blobContentType(said: string | undefined): string {
  const type = said?.split(";", 1)[0]?.trim().toLowerCase() ?? plain;
  return type.length <= 255 && allowed.test(type) ? type : plain;
}
