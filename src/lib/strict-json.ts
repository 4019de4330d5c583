/** Bounds for a document that somebody else wrote. */
export interface JsonLimits {
  depth: number;
  /** Values and object members together. */
  elements: number;
}

export class JsonLimitError extends Error {
  override readonly name = "JsonLimitError";
}

/**
 * Parses JSON from outside: at most so deep and so many elements, and no object with the same key twice, since
 * two readers would take two different documents from it. Throws `SyntaxError` or `JsonLimitError`.
 */
export function parseStrictJson(text: string, limits: JsonLimits): unknown {
  // First by the standard grammar, so that the scan below may rely on well-formed text.
  const value: unknown = JSON.parse(text);
  scan(text, limits);
  return value;
}

/** Strings, and the characters that give a document its shape. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

function scan(text: string, limits: JsonLimits): void {
  const open: (Set<string> | null)[] = []; // the keys of each object that is open, null for an array
  let elements = 0;
  let last = "";
  token.lastIndex = 0;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found] = match;
    if (found === "{" || found === "[") {
      open.push(found === "{" ? new Set() : null);
      if (open.length > limits.depth) throw new JsonLimitError("nested too deeply");
    } else if (found === "}" || found === "]") {
      open.pop();
    } else if (found === ":") {
      addKey(open.at(-1), last);
    }
    if (found === "," || found === "{" || found === "[") {
      if (++elements > limits.elements) throw new JsonLimitError("too many elements");
    }
    last = found;
  }
}

function addKey(keys: Set<string> | null | undefined, quoted: string): void {
  const key: unknown = JSON.parse(quoted); // two spellings of one key are the same key
  if (typeof key !== "string" || !keys) return;
  if (keys.has(key)) throw new JsonLimitError("a key stands twice in one object");
  keys.add(key);
}
