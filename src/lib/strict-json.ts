/** Bounds for a document that somebody else wrote. */
export interface JsonLimits {
  depth: number;
  /** Values and object members together. */
  elements: number;
}

export class JsonLimitError extends Error {
  override readonly name = "JsonLimitError";

  constructor(
    message: string,
    /** The key that stands twice, where that is the problem. */
    readonly twice?: string,
  ) {
    super(message);
  }
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

/** One pass over the characters, since a pattern that meets a very long string gives up without saying so. */
function scan(text: string, limits: JsonLimits): void {
  const open: (Set<string> | null)[] = []; // the keys of each object that is open, null for an array
  let elements = 0;
  let lastString: [from: number, to: number] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        lastString = [at, endOfString(text, at)];
        at = lastString[1] - 1;
        break;
      case 0x7b: // {
      case 0x5b: // [
        open.push(text[at] === "{" ? new Set() : null);
        if (open.length > limits.depth) throw new JsonLimitError("nested too deeply");
        elements++;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        break;
      case 0x2c: // ,
        elements++;
        break;
      case 0x3a: // :
        addKey(open.at(-1), text.slice(...lastString));
        break;
    }
    if (elements > limits.elements) throw new JsonLimitError("too many elements");
  }
}

/** The position behind the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  throw new JsonLimitError("a string without an end");
}

function addKey(keys: Set<string> | null | undefined, quoted: string): void {
  // Two spellings of one key are the same key.
  const key = quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (!keys) return;
  if (keys.has(key)) throw new JsonLimitError("a key stands twice in one object", key);
  keys.add(key);
}
