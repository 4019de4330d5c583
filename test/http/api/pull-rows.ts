import * as zod from "../../../src/http/api/pull-fields.ts";
import * as live from "../../../src/http/api/live-fields.ts";
import * as told from "../../../src/http/api/statistics-fields.ts";
import { groups, type Row } from "./row.ts";
import { base } from "./world.ts";

const statistics = "-/virtual_registries/container/statistics";
const container = "-/virtual_registries/container";

/** What pulls do, would do and have done. */
export const pullRows: Record<string, Row> = {
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
  "list the latest pulls": {
    method: "GET",
    path: `${groups}/1/${container}/pulls?failed=true&repository=library/**`,
    unknown: `${groups}/999/${container}/pulls`,
    foreign: `${groups}/2/${container}/pulls`,
    ok: 200,
    shape: live.pull.array(),
  },
  "see how upstreams are doing": {
    method: "GET",
    path: `${groups}/default/${container}/health`,
    unknown: `${groups}/nowhere/${container}/health`,
    foreign: `${groups}/other/${container}/health`,
    ok: 200,
    shape: live.groupHealth,
  },
};
