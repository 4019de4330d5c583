import type { z } from "@hono/zod-openapi";
import * as zod from "../../../src/http/api/fields.ts";
import * as told from "../../../src/http/api/statistics-fields.ts";
import { base } from "./world.ts";

/** One endpoint of the API: what it answers to whom. */
export interface Row {
  method: string;
  path: string;
  /** The same for what is not there, and for what is another group's. */
  unknown?: string;
  foreign?: string;
  body?: object;
  ok: number;
  shape?: z.ZodType;
  /** For owners alone, to see as well as to change. */
  owner?: true;
}
export const groups = "/api/v4/groups";
export const registries = "-/virtual_registries/container/registries";
const settings = "-/virtual_registries/settings";
const statistics = "-/virtual_registries/container/statistics";
const proxy = "dependency_proxy";
const upstreams = "-/virtual_registries/container/upstreams";
const newUpstream = { url: "https://new.example.com", name: "New" };

/** In the world of `ApiWorld`, with a registry 3 that is empty, entries of upstream 1, and the subgroup `default/tools`. */
export const rows: Record<string, Row> = {
  "1 list registries": {
    method: "GET",
    path: `${groups}/default/${registries}`,
    unknown: `${groups}/nowhere/${registries}`,
    foreign: `${groups}/2/${registries}`,
    ok: 200,
    shape: zod.registry.array().length(2),
  },
  "2 create a registry": {
    method: "POST",
    path: `${groups}/1/${registries}`,
    unknown: `${groups}/999/${registries}`,
    foreign: `${groups}/other/${registries}`,
    body: { name: "mirror" },
    ok: 201,
    shape: zod.registry,
  },
  "3 get a registry": {
    method: "GET",
    path: `${base}/registries/1`,
    unknown: `${base}/registries/999`,
    foreign: `${base}/registries/2`,
    ok: 200,
    shape: zod.registryDetail,
  },
  "4 change a registry": {
    method: "PATCH",
    path: `${base}/registries/1`,
    unknown: `${base}/registries/999`,
    foreign: `${base}/registries/2`,
    body: { name: "renamed" },
    ok: 200,
    shape: zod.registryDetail,
  },
  "5 delete a registry": {
    method: "DELETE",
    path: `${base}/registries/1`,
    unknown: `${base}/registries/999`,
    foreign: `${base}/registries/2`,
    ok: 204,
  },
  "6 empty a registry's cache": {
    method: "DELETE",
    path: `${base}/registries/1/cache`,
    unknown: `${base}/registries/999/cache`,
    foreign: `${base}/registries/2/cache`,
    ok: 204,
  },
  "7 list upstreams of a group": {
    method: "GET",
    path: `${groups}/1/${upstreams}?upstream_name=hub`,
    unknown: `${groups}/999/${upstreams}`,
    foreign: `${groups}/2/${upstreams}`,
    ok: 200,
    shape: zod.upstream.array().length(1),
  },
  "8 test a new connection": {
    method: "POST",
    path: `${groups}/1/${upstreams}/test`,
    unknown: `${groups}/999/${upstreams}/test`,
    foreign: `${groups}/2/${upstreams}/test`,
    body: { url: "https://new.example.com" },
    ok: 200,
    shape: zod.connectionResult,
  },
  "9 list upstreams of a registry": {
    method: "GET",
    path: `${base}/registries/1/upstreams`,
    unknown: `${base}/registries/999/upstreams`,
    foreign: `${base}/registries/2/upstreams`,
    ok: 200,
    shape: zod.placedUpstream.array().length(2),
  },
  "10 create an upstream": {
    method: "POST",
    path: `${base}/registries/1/upstreams`,
    unknown: `${base}/registries/999/upstreams`,
    foreign: `${base}/registries/2/upstreams`,
    body: newUpstream,
    ok: 201,
    shape: zod.placedUpstream,
  },
  "11 get an upstream": {
    method: "GET",
    path: `${base}/upstreams/1`,
    unknown: `${base}/upstreams/999`,
    foreign: `${base}/upstreams/3`,
    ok: 200,
    shape: zod.upstreamDetail,
  },
  "12 change an upstream": {
    method: "PATCH",
    path: `${base}/upstreams/1`,
    unknown: `${base}/upstreams/999`,
    foreign: `${base}/upstreams/3`,
    body: { name: "Renamed" },
    ok: 200,
    shape: zod.upstreamDetail,
  },
  "13 delete an upstream": {
    method: "DELETE",
    path: `${base}/upstreams/1`,
    unknown: `${base}/upstreams/999`,
    foreign: `${base}/upstreams/3`,
    ok: 204,
  },
  "14 empty an upstream's cache": {
    method: "DELETE",
    path: `${base}/upstreams/1/cache`,
    unknown: `${base}/upstreams/999/cache`,
    foreign: `${base}/upstreams/3/cache`,
    ok: 204,
  },
  "15 test a stored connection": {
    method: "POST",
    path: `${base}/upstreams/1/test`,
    unknown: `${base}/upstreams/999/test`,
    foreign: `${base}/upstreams/3/test`,
    ok: 200,
    shape: zod.connectionResult,
  },
  "16 add an upstream to a registry": {
    method: "POST",
    path: `${base}/registry_upstreams`,
    body: { registry_id: 3, upstream_id: 1 },
    ok: 201,
    shape: zod.association,
  },
  "17 move an upstream": {
    method: "PATCH",
    path: `${base}/registry_upstreams/1`,
    unknown: `${base}/registry_upstreams/999`,
    foreign: `${base}/registry_upstreams/3`,
    body: { position: 2 },
    ok: 200,
    shape: zod.association,
  },
  "18 take an upstream out": {
    method: "DELETE",
    path: `${base}/registry_upstreams/1`,
    unknown: `${base}/registry_upstreams/999`,
    foreign: `${base}/registry_upstreams/3`,
    ok: 204,
  },
  "19 list cache entries": {
    method: "GET",
    path: `${base}/upstreams/1/cache_entries?search=alpine`,
    unknown: `${base}/upstreams/999/cache_entries`,
    foreign: `${base}/upstreams/3/cache_entries`,
    ok: 200,
    shape: zod.cacheEntry.array().length(2),
  },
  "20 delete a cache entry": {
    method: "DELETE",
    path: `${base}/cache_entries/${btoa("1 1")}`,
    unknown: `${base}/cache_entries/${btoa("1 999")}`,
    foreign: `${base}/cache_entries/${btoa("2 1")}`,
    ok: 204,
  },
  "25 empty a Dependency Proxy's cache": {
    method: "DELETE",
    path: `${groups}/default/${proxy}/cache`,
    unknown: `${groups}/999/${proxy}/cache`,
    foreign: `${groups}/other/${proxy}/cache`,
    ok: 202,
    owner: true,
  },
  "26 get a Dependency Proxy's settings": {
    method: "GET",
    path: `${groups}/1/${proxy}/settings`,
    unknown: `${groups}/nowhere/${proxy}/settings`,
    foreign: `${groups}/2/${proxy}/settings`,
    ok: 200,
    shape: zod.dependencyProxySettings,
    owner: true,
  },
  "27 change a Dependency Proxy's settings": {
    method: "PUT",
    path: `${groups}/default%2Ftools/${proxy}/settings`,
    unknown: `${groups}/default%2Fnowhere/${proxy}/settings`,
    foreign: `${groups}/other/${proxy}/settings`,
    body: { identity: "ann", secret: "a secret" },
    ok: 200,
    shape: zod.dependencyProxySettings,
    owner: true,
  },
  "28 get a Dependency Proxy's TTL policy": {
    method: "GET",
    path: `${groups}/DEFAULT%2Ftools/${proxy}/ttl_policy`,
    unknown: `${groups}/999/${proxy}/ttl_policy`,
    foreign: `${groups}/2/${proxy}/ttl_policy`,
    ok: 200,
    shape: zod.ttlPolicy,
    owner: true,
  },
  "29 change a Dependency Proxy's TTL policy": {
    method: "PUT",
    path: `${groups}/1/${proxy}/ttl_policy`,
    unknown: `${groups}/999/${proxy}/ttl_policy`,
    foreign: `${groups}/2/${proxy}/ttl_policy`,
    body: { enabled: true, ttl: 30 },
    ok: 200,
    shape: zod.ttlPolicy,
    owner: true,
  },
  "list a group's audit events": {
    method: "GET",
    path: `${groups}/1/audit_events?action=registry.create`,
    unknown: `${groups}/999/audit_events`,
    foreign: `${groups}/other/audit_events`,
    ok: 200,
    shape: zod.auditEvent.array().length(1),
    owner: true,
  },
  "rename a group": {
    method: "PUT",
    path: `${groups}/1`,
    unknown: `${groups}/999`,
    foreign: `${groups}/other`,
    body: { path: "renamed", name: "Renamed" },
    ok: 200,
    shape: zod.group,
    owner: true,
  },
  "refresh a tag": {
    method: "POST",
    path: `${base}/registries/1/refresh?image=library/alpine:latest`,
    unknown: `${base}/registries/999/refresh?image=library/alpine:latest`,
    foreign: `${base}/registries/2/refresh?image=library/alpine:latest`,
    ok: 200,
    shape: zod.refreshed,
  },
  "explain a pull": {
    method: "GET",
    path: `${base}/registries/1/explain?image=library/alpine`,
    unknown: `${base}/registries/999/explain?image=library/alpine`,
    foreign: `${base}/registries/2/explain?image=library/alpine`,
    ok: 200,
    shape: zod.plan,
  },
  "26 see whether registries are switched on": {
    method: "GET",
    path: `${groups}/1/${settings}`,
    unknown: `${groups}/999/${settings}`,
    foreign: `${groups}/2/${settings}`,
    ok: 200,
    shape: told.virtualRegistrySettings,
    owner: true,
  },
  "26 switch registries off": {
    method: "PUT",
    path: `${groups}/1/${settings}`,
    unknown: `${groups}/999/${settings}`,
    foreign: `${groups}/2/${settings}`,
    body: { enabled: false },
    ok: 200,
    shape: told.virtualRegistrySettings,
    owner: true,
  },
  "get statistics": {
    method: "GET",
    path: `${groups}/default/${statistics}`,
    unknown: `${groups}/999/${statistics}`,
    foreign: `${groups}/2/${statistics}`,
    ok: 200,
    shape: told.groupStatistics,
  },
  "get the history of pulls": {
    method: "GET",
    path: `${groups}/1/${statistics}/history?interval=hour`,
    unknown: `${groups}/999/${statistics}/history`,
    foreign: `${groups}/2/${statistics}/history`,
    ok: 200,
    shape: told.statisticsPoint.array().length(48),
  },
  "list the repositories with the most pulls": {
    method: "GET",
    path: `${groups}/1/${statistics}/repositories`,
    unknown: `${groups}/999/${statistics}/repositories`,
    foreign: `${groups}/2/${statistics}/repositories`,
    ok: 200,
    shape: told.repositoryStatistics.array(),
  },
};
