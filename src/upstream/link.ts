/** Of a link, its target and its parameters follow one another, each behind where the last one ended. */
const target = /[\s,]*<([^<>]*)>/y;
const parameter = /\s*;\s*([^\s=;,"<>]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"<>]*)))?/y;

/**
 * The target of the first link with the relation `next` in a `Link` header (RFC 8288, section 3); undefined where there
 * is none. What cannot be read ends the list of links.
 */
export function nextLink(header: string): string | undefined {
  let at = 0;
  while (at < header.length) {
    target.lastIndex = at;
    const link = target.exec(header);
    if (!link) return undefined;
    at = target.lastIndex;
    let relation: string | undefined;
    for (;;) {
      parameter.lastIndex = at;
      const found = parameter.exec(header);
      if (!found) break;
      at = parameter.lastIndex;
      const [, name = "", quoted, plain] = found;
      // Of several the first counts, as the RFC says.
      if (name.toLowerCase() === "rel") relation ??= quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "";
    }
    if (relation?.toLowerCase().split(/\s+/).includes("next")) return link[1];
  }
  return undefined;
}
