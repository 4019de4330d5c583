/** What is written one a line, or parted by blanks or commas; each once. */
export function linesOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}
