import { describe, expect, test } from "bun:test";
import { certificate, load, pems, problems } from "../fakes/configuration.ts";

describe("a bucket for blobs", () => {
  const login = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };
  const bucket = (query: string, env: Record<string, string> = {}, files = {}) =>
    load({ WEIR_BLOBS_URL: `s3://blobs/a/b/${query}`, ...login, ...env }, files).bucket;

  test("at AWS, with everything usual", () => {
    expect(bucket("")).toEqual({
      endpoint: "https://s3.us-east-1.amazonaws.com",
      region: "us-east-1",
      bucket: "blobs",
      prefix: "a/b",
      addressing: "host",
      encryption: undefined,
      checksums: true,
      credentials: {
        kind: "given",
        accessKeyId: "key",
        secretAccessKey: "secret",
        sessionToken: undefined,
      },
      ca: undefined,
      redirect: false,
    });
  });

  test("elsewhere, with everything said", () => {
    const query =
      "?endpoint=https://ceph.example.com:7480&region=eu-1&addressing=host&encryption=aws:kms&kms_key=a-1&checksums=none";
    const env = { AWS_SESSION_TOKEN: "token", WEIR_BLOBS_REDIRECT: "true" };
    expect(bucket(query, env)).toMatchObject({
      endpoint: "https://ceph.example.com:7480",
      region: "eu-1",
      addressing: "host",
      encryption: { algorithm: "aws:kms", kmsKey: "a-1" },
      checksums: false,
      credentials: { sessionToken: "token" },
      redirect: true,
    });
  });

  test("what the tools of AWS are told counts", () => {
    const env = { AWS_REGION: "eu-2", AWS_ENDPOINT_URL_S3: "http://127.0.0.1:7480" };
    expect(bucket("", env)).toMatchObject({
      endpoint: "http://127.0.0.1:7480",
      region: "eu-2",
      addressing: "path",
    });
    expect(load({ WEIR_BLOBS_URL: "s3://with.dots", ...login }).bucket?.addressing).toBe("path");
  });

  test("credentials from a file, of a profile", () => {
    const file =
      "[default]\naws_access_key_id = a\n[other]\naws_access_key_id=b\naws_secret_access_key = c\n";
    const env = { WEIR_BLOBS_URL: "s3://blobs", AWS_SHARED_CREDENTIALS_FILE: "/c" };
    expect(load({ ...env, AWS_PROFILE: "other" }, { "/c": file }).bucket?.credentials).toEqual({
      kind: "file",
      file: "/c",
      profile: "other",
    });
    expect(problems(() => load(env, { "/c": file }))).toEqual([
      expect.stringContaining("WEIR_BLOBS_URL: needs credentials: give AWS_ACCESS_KEY_ID"),
    ]);
  });

  const bad: [what: string, url: string, problem: string][] = [
    ["not a bucket", "https://blobs", "must be the address of a bucket such as s3://"],
    ["credentials in it", "s3://a:b@blobs", "must be the address of a bucket such as s3://"],
    ["a prefix that climbs", "s3://blobs/../b", "must be the address of a bucket such as s3://"],
    ["an endpoint with a path", "s3://blobs?endpoint=https://a/b", "endpoint must be an address"],
    ["an odd region", "s3://blobs?region=A%20B", "region must be the name of a region"],
    ["another addressing", "s3://blobs?addressing=dns", "addressing must be one of path, host"],
    [
      "another encryption",
      "s3://blobs?encryption=none",
      "encryption must be one of AES256, aws:kms",
    ],
    ["a key for nothing", "s3://blobs?kms_key=a", "kms_key needs encryption=aws:kms"],
    [
      "the same twice",
      "s3://blobs?region=a&region=b",
      "region stands there twice; keep one of them",
    ],
    [
      "something unknown",
      "s3://blobs?regoin=a",
      "has something behind the question mark that is none of",
    ],
  ];
  for (const [what, url, problem] of bad) {
    test(`problem: ${what}`, () => {
      const [found = "", ...others] = problems(() => load({ WEIR_BLOBS_URL: url, ...login }));
      expect(found).toStartWith(`WEIR_BLOBS_URL: ${problem}`);
      expect(others).toEqual([]);
    });
  }

  test("authorities of its own, where there is a certificate to be signed", () => {
    const ca = { WEIR_BLOBS_CA: "cert.pem" };
    expect(bucket("?endpoint=https://ceph.example.com", ca, pems)?.ca).toContain(certificate);
    expect(problems(() => load(ca, pems))).toEqual([
      "WEIR_BLOBS_CA: needs a bucket: set WEIR_BLOBS_URL too",
    ]);
    expect(problems(() => bucket("?endpoint=http://ceph.example.com", ca, pems))).toEqual([
      "WEIR_BLOBS_CA: needs an endpoint with https: another has no certificate",
    ]);
    expect(problems(() => bucket("", { WEIR_BLOBS_CA: "key.pem" }, pems))).toEqual([
      "WEIR_BLOBS_CA: must be the path of a readable PEM file with certificates",
    ]);
  });

  test("problem: half of a login, a redirect without a bucket or to where nobody is safe", () => {
    const half = { WEIR_BLOBS_URL: "s3://blobs", AWS_ACCESS_KEY_ID: "a" };
    expect(problems(() => load(half))).toEqual([
      "AWS_SECRET_ACCESS_KEY: is missing; give it and the other half, or none of them",
    ]);
    expect(problems(() => load({ WEIR_BLOBS_REDIRECT: "true" }))).toEqual([
      "WEIR_BLOBS_REDIRECT: needs a bucket: set WEIR_BLOBS_URL too",
    ]);
    const plain = {
      WEIR_BLOBS_URL: "s3://blobs?endpoint=http://ceph",
      WEIR_BLOBS_REDIRECT: "true",
    };
    expect(problems(() => load({ ...plain, ...login }))).toEqual([
      "WEIR_BLOBS_REDIRECT: needs an endpoint with https: clients are sent there",
    ]);
  });
});
