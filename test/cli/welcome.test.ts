import { expect, test } from "bun:test";
import { welcome } from "../../src/cli/welcome.ts";
import { dockerHub } from "../fakes/docker-hub.ts";

const upstream = {
  ...dockerHub,
  id: 1,
  groupId: 1,
  version: 1,
  alwaysCheck: false,
  maxBytes: undefined,
  ttlDays: undefined,
} as const;
const registry = {
  id: 1,
  groupId: 1,
  name: "default",
  description: undefined,
  onUnsure: "stop" as const,
  ask: "in_order" as const,
  verified: new Map(),
  upstreams: [upstream],
};
const listen = { hostname: "127.0.0.1", port: 5000 };
const local = { listen, externalUrl: "http://localhost:5000" };

test("the first start: where it listens, the token, and the lines to try", () => {
  expect(welcome(local, { first: true, adminToken: "weir_pat_secret", registry })).toBe(
    `Weir listens on 127.0.0.1:5000. Clients reach it at http://localhost:5000

The administrator's token, shown only this once:

  weir_pat_secret

Set up everything in a browser, signed in by that token: http://localhost:5000

Or log a client in with it as the password, and pull:

  docker login --username admin localhost:5000
  docker pull localhost:5000/virtual_registries/container/1/library/alpine:latest

or

  podman login --tls-verify=false --username admin localhost:5000
  podman pull --tls-verify=false localhost:5000/virtual_registries/container/1/library/alpine:latest`,
  );
});

test("later starts: one line, no secret", () => {
  const text = welcome(local, { first: false, adminToken: undefined, registry });
  expect(text).toBe("Weir listens on 127.0.0.1:5000. Clients reach it at http://localhost:5000");
});

test("a given token is not repeated", () => {
  const text = welcome(local, { first: true, adminToken: undefined, registry });
  expect(text).toContain("The administrator's token is that of WEIR_ADMIN_TOKEN.");
  expect(text).toContain("docker login --username admin localhost:5000\n");
});

test("with HTTPS there is no --tls-verify, and the default port is left out", () => {
  const config = { listen: { hostname: "::", port: 443 }, externalUrl: "https://weir.example.com" };
  const text = welcome(config, { first: true, adminToken: "x", registry });
  expect(text).toStartWith("Weir listens on [::]:443. ");
  expect(text).toContain("  podman login --username admin weir.example.com\n");
  expect(text).not.toContain("tls-verify");
  expect(text).not.toContain("insecure");
});

test("plain HTTP on another machine needs a word to docker", () => {
  const config = { listen, externalUrl: "http://10.0.0.7:5000" };
  const text = welcome(config, { first: true, adminToken: "x", registry });
  expect(text).toEndWith(
    'Docker needs "insecure-registries": ["10.0.0.7:5000"] in /etc/docker/daemon.json, as this is plain HTTP.',
  );
});

test("where Docker Hub is not an upstream, the image is the reader's to name", () => {
  const other = { ...registry, id: 7, upstreams: [{ ...upstream, libraryPrefix: false }] };
  const text = welcome(local, { first: true, adminToken: "x", registry: other });
  expect(text).toContain(
    "docker pull localhost:5000/virtual_registries/container/7/REPOSITORY:TAG",
  );
});

test("without a registry there is nothing to pull", () => {
  const text = welcome(local, { first: true, adminToken: "x", registry: undefined });
  expect(text).toContain("docker login");
  expect(text).not.toContain("pull localhost");
});
