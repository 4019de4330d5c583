import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ApiError } from "../../../../src/http/api/errors.ts";
import { readCookie } from "../../../../src/http/api/people/cookies.ts";
import { ownPath, requireSecureRoad } from "../../../../src/http/api/people/roads.ts";
import { addressTest } from "../../../../src/lib/address-ranges.ts";

const proxy = "10.0.0.1";
const isTrustedProxy = addressTest([`${proxy}/32`]);

interface Road {
  url: string;
  externalUrl: string;
  from: string | null;
  headers?: Record<string, string>;
}

function isLetIn({ url, externalUrl, from, headers = {} }: Road): boolean {
  const request = new Request(url, { headers });
  const address = { address: from ?? "", family: "IPv4" as const, port: 1 };
  const server = { timeout() {}, requestIP: () => (from === null ? null : address) };
  try {
    requireSecureRoad({ requestId: "1", request, server, isTrustedProxy, externalUrl });
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    expect(error.status).toBe(403);
    expect(JSON.stringify(error.body)).toContain("signing in needs https");
    return false;
  }
}

const plain = "http://weir.example.com";
const https = "https://weir.example.com";
const said = (proto: string) => ({ "X-Forwarded-Proto": proto });
const rows: [what: string, is: boolean, road: Road][] = [
  ["a certificate of ours", true, { url: `${https}/x`, externalUrl: plain, from: "192.0.2.1" }],
  ["plain http", false, { url: `${plain}/x`, externalUrl: plain, from: "192.0.2.1" }],
  ["this machine", true, { url: "http://localhost:5000/", externalUrl: plain, from: "127.0.0.1" }],
  ["its address", true, { url: "http://127.0.0.1:5000/", externalUrl: plain, from: "127.0.0.1" }],
  ["by IPv6", true, { url: "http://[::1]:5000/", externalUrl: plain, from: "::1" }],
  ["mapped", true, { url: "http://localhost/", externalUrl: plain, from: "::ffff:127.0.0.1" }],
  ["this machine by its name", false, { url: `${plain}/`, externalUrl: plain, from: "127.0.0.1" }],
  ["a name alone", false, { url: "http://localhost/", externalUrl: plain, from: "192.0.2.1" }],
  ["from nowhere", false, { url: "http://localhost/", externalUrl: plain, from: null }],
  [
    "a trusted proxy that says https",
    true,
    { url: `${plain}/`, externalUrl: plain, from: proxy, headers: said("https") },
  ],
  [
    "a trusted proxy that says http",
    false,
    { url: `${plain}/`, externalUrl: https, from: proxy, headers: said("http") },
  ],
  ["one that says nothing", true, { url: `${plain}/`, externalUrl: https, from: proxy }],
  ["and nobody else does", false, { url: `${plain}/`, externalUrl: plain, from: proxy }],
  [
    "somebody who says https",
    false,
    { url: `${plain}/`, externalUrl: plain, from: "192.0.2.1", headers: said("https") },
  ],
  ["https outside", true, { url: `${plain}/`, externalUrl: https, from: "192.0.2.1" }],
  [
    "https outside, but not on this page",
    false,
    { url: `${plain}/`, externalUrl: https, from: "192.0.2.1", headers: { Origin: plain } },
  ],
];
test.each(rows)("signing in by %s: %p", (_, is, road) => {
  expect(isLetIn(road)).toBe(is);
});

const targets: [text: string, path: string | undefined][] = [
  ["/", "/"],
  ["/registries/1?tab=cache#top", "/registries/1?tab=cache#top"],
  ["/a/../b", "/b"],
  ["//evil.example.com", undefined],
  ["/\\evil.example.com", undefined],
  ["/a\\b", undefined],
  ["/.//evil.example.com", undefined],
  ["/a/..//evil.example.com", undefined],
  ["https://evil.example.com", undefined],
  ["javascript:alert(1)", undefined],
  ["evil", undefined],
  ["", undefined],
  ["/\t/evil.example.com", undefined],
  ["/\r\nSet-Cookie: a=b", undefined],
  [" /", undefined],
  [`/${"x".repeat(2048)}`, undefined],
];
test.each(targets)("after signing in, %p leads to %p", (text, path) => {
  expect(ownPath(text, https)).toBe(path);
});

test("whatever is accepted stays here, read by a browser", () => {
  const piece = fc.constantFrom(
    "/",
    "\\",
    ".",
    "..",
    "evil.example",
    ":",
    "@",
    "%2f",
    "?",
    "#",
    "\t",
    "a",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = ownPath(pieces.join(""), https);
      if (path === undefined) return;
      expect(new URL(path, https).origin).toBe(https);
      expect(new URL(path, "https://another.example").origin).toBe("https://another.example");
    }),
    { numRuns: 5000 },
  );
});

test("a cookie is found among others, once, or not at all", () => {
  expect(readCookie("a=1; b=2", "b")).toBe("2");
  expect(readCookie("a=1;b=2 ", "b")).toBe("2");
  expect(readCookie("ab=1; b=", "b")).toBe("");
  for (const header of [undefined, "", "b", "ab=2", "b=1; b=2", 'b="1"', "b=1 2", "a=1, b=2"]) {
    expect([header, readCookie(header, "b")]).toEqual([header, undefined]);
  }
});
