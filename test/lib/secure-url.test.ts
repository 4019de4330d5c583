import { expect, test } from "bun:test";
import { isSecureUrl } from "../../src/lib/secure-url.ts";

test.each([
  ["https://issuer.example.com", true],
  ["https://10.0.0.1:6443/keys", true],
  ["http://issuer.example.com", false],
  ["http://10.0.0.1", false],
  ["http://localhost:8080", true],
  ["http://127.1.2.3", true],
  ["http://[::1]:80", true],
  ["http://127.0.0.1.example.com", false],
  ["http://localhost.example.com", false],
  ["ftp://localhost", false],
])("%s", (url, wanted) => {
  expect(isSecureUrl(new URL(url))).toBe(wanted);
});
