const advice: readonly [begin: string, text: string][] = [
  [
    "unreachable",
    "Look at the host name and the port, at name resolution and firewalls between here and there, and at its certificate. Inner addresses must be in WEIR_ALLOWED_UPSTREAM_ADDRESSES.",
  ],
  ["timeout", "It may be overloaded, or a firewall swallows what is sent. Try again in a moment."],
  ["denied", "Look at the user name and password, and at what they may read there."],
  ["rate limited", "Wait for a while, or give a login with a higher limit."],
  ["broken", "It answers with errors. Look at its own status, and try again later."],
  ["invalid", "Something else than a registry answers there. Look at the address."],
];

/** What to do about a failed test, by how its words begin. */
export function adviceFor(result: string): string {
  const words = result.replace(/^Error: /, "");
  return advice.find(([begin]) => words.startsWith(begin))?.[1] ?? "";
}
