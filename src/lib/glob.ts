/**
 * Whether a glob matches the whole text: `**` stands for any characters, `*` for any but a slash, everything else for
 * itself. Time grows with the product of the two lengths, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const { length } = text;
  /** 1 where the pattern so far can have consumed so much of the text. */
  const reached = new Uint8Array(length + 1);
  reached[0] = 1;
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] !== "*") {
      consume(reached, text, pattern.charCodeAt(at));
      continue;
    }
    const isDouble = pattern[at + 1] === "*";
    if (isDouble) at++;
    for (let i = 1; i <= length; i++) {
      if (reached[i - 1] === 1 && (isDouble || text.charCodeAt(i - 1) !== slash)) reached[i] = 1;
    }
  }
  return reached[length] === 1;
}

const slash = 0x2f;

/** One literal character: everything that was reached moves on by one where the text has it. */
function consume(reached: Uint8Array, text: string, code: number): void {
  for (let i = text.length; i >= 1; i--) {
    reached[i] = reached[i - 1] === 1 && text.charCodeAt(i - 1) === code ? 1 : 0;
  }
  reached[0] = 0;
}
