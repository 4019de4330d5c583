import { describe, expect, test } from "bun:test";
import {
  emptyHash,
  escape,
  presign,
  queryText,
  sha256Hex,
  signHeaders,
} from "../../src/blobs/s3/signing.ts";

/** The examples of the Amazon S3 API Reference ("Authenticating Requests: Using the Authorization Header", "Using Query Parameters"). */
const signing = {
  credentials: {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    sessionToken: undefined,
  },
  region: "us-east-1",
  service: "s3",
  now: Date.UTC(2013, 4, 24),
};
const origin = "https://examplebucket.s3.amazonaws.com";

function signatureOf(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  payloadHash = emptyHash,
): string | undefined {
  const url = new URL(origin + path);
  const all = { ...headers, "x-amz-content-sha256": payloadHash };
  const signed = signHeaders({ method, url, headers: all, payloadHash }, signing);
  return signed["authorization"]?.split("Signature=")[1];
}

describe("signatures of S3", () => {
  test("GET of a part", () => {
    expect(signatureOf("GET", "/test.txt", { range: "bytes=0-9" })).toBe(
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
  });

  test("PUT of an object, its name escaped", () => {
    const headers = {
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
    };
    const hash = sha256Hex("Welcome to Amazon S3.");
    expect(signatureOf("PUT", `/${escape("test$file.text")}`, headers, hash)).toBe(
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
  });

  test("a query without and with values", () => {
    expect(signatureOf("GET", `/?${queryText([["lifecycle", ""]])}`)).toBe(
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    );
    const list = queryText([
      ["prefix", "J"],
      ["max-keys", "2"],
    ]);
    expect(signatureOf("GET", `/?${list}`)).toBe(
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
  });

  test("an address that is good for a day", () => {
    const url = presign(new URL(`${origin}/test.txt`), 86400, signing);
    expect(url).toStartWith(`${origin}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&`);
    expect(url.split("X-Amz-Signature=")[1]).toBe(
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    );
  });

  test("a session token is sent and signed", () => {
    const credentials = { ...signing.credentials, sessionToken: "a/token+" };
    const url = new URL(`${origin}/test.txt`);
    const request = { method: "GET", url, headers: {}, payloadHash: emptyHash };
    const signed = signHeaders(request, { ...signing, credentials });
    expect(signed["x-amz-security-token"]).toBe("a/token+");
    expect(signed["authorization"]).toContain("SignedHeaders=host;x-amz-date;x-amz-security-token");
    expect(presign(url, 60, { ...signing, credentials })).toContain(
      "X-Amz-Security-Token=a%2Ftoken%2B&",
    );
  });

  test("everything outside of the unreserved characters is escaped", () => {
    expect(escape("aZ9-._~ !'()*+/%ä")).toBe("aZ9-._~%20%21%27%28%29%2A%2B%2F%25%C3%A4");
  });
});
