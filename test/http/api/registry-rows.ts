import * as zod from "../../../src/http/api/registry-fields.ts";
import { groups, registries, type Row } from "./row.ts";
import { base } from "./world.ts";

/** Registries of `ApiWorld`, with a registry 3 that is empty. */
export const registryRows: Record<string, Row> = {
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
};
