/** One challenge of a `WWW-Authenticate` header; the scheme is lower case, parameter names too. */
export interface Challenge {
  scheme: string;
  parameters: Record<string, string>;
}

const maxLength = 8192;
const tokenChars = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const schemePattern = new RegExp(`[\\s,]*(${tokenChars})(?=[\\s,]|$)`, "y");
// Unquoted values are taken up to the next comma: some servers leave the quotes of a URL away.
const parameterPattern = new RegExp(
  `[\\s,]*(${tokenChars})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`,
  "y",
);

/**
 * Reads the challenges of a `WWW-Authenticate` header (RFC 9110, section 11.6.1), several in one line too.
 * What cannot be read ends the list: a challenge is a hint of a server, never an error of ours.
 */
export function parseChallenges(header: string | null): Challenge[] {
  const challenges: Challenge[] = [];
  if (!header || header.length > maxLength) return challenges;
  let position = 0;
  while (position < header.length) {
    schemePattern.lastIndex = position;
    const scheme = schemePattern.exec(header);
    if (!scheme?.[1]) break;
    position = schemePattern.lastIndex;
    const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
    for (;;) {
      parameterPattern.lastIndex = position;
      const parameter = parameterPattern.exec(header);
      if (!parameter?.[1]) break;
      position = parameterPattern.lastIndex;
      const value = parameter[2]?.replace(/\\(.)/g, "$1") ?? parameter[3] ?? "";
      parameters[parameter[1].toLowerCase()] ??= value;
    }
    challenges.push({ scheme: scheme[1].toLowerCase(), parameters });
  }
  return challenges;
}

/** The value of a `Bearer` challenge of ours. The values must not hold quotes or backslashes. */
export function bearerChallenge(realm: string, service: string, scope?: string): string {
  const base = `Bearer realm="${realm}",service="${service}"`;
  return scope === undefined ? base : `${base},scope="${scope}"`;
}
