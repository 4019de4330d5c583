import { z } from "@hono/zod-openapi";
import type { RuleRecord } from "../../metadata/contract.ts";
import { atLeastOne, removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { type Answer } from "./answer.ts";
import { notFound } from "./errors.ts";
import { id, idParams, pathId } from "./fields.ts";
import { rule } from "./upstream-fields.ts";
import type { ApiOptions } from "./options.ts";

const all = "/virtual_registries/container/upstreams/{id}/rules";
const one = `${all}/{rule_id}`;
const oneParams = z.strictObject({ ...idParams.shape, rule_id: pathId });

const ruleChanges = rule.partial().openapi("RuleChanges", { minProperties: 1 });
export const ruleRecord = z
  .strictObject({ id, upstream_id: id, ...rule.shape, pattern: z.string() })
  .openapi("UpstreamRule");

const ruleJson = ({ id, upstreamId, target, effect, pattern }: RuleRecord) => {
  return { id, upstream_id: upstreamId, target, effect, pattern };
};

/** Of the rule, which can have gone while it was asked for. */
function answered(found: RuleRecord | undefined): Answer {
  if (!found) throw notFound();
  return { body: ruleJson(found), headers: tagged(found) };
}

/** The rules of an upstream one by one; as a list they stand in the upstream too. */
export function ruleEndpoints(api: Api, options: ApiOptions): void {
  listRules(api, options);
  createRule(api, options);
  getRule(api, options);
  changeRule(api, options);
  deleteRule(api, options);
}

function listRules(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: all,
      summary: "List the rules that say which names an upstream is asked for",
      action: "read_registry",
      params: idParams,
      answer: z.array(ruleRecord),
      status: 200,
    },
    async ({ params, granted }) => {
      const { id } = granted(await management.upstreams.get(params.id));
      return { body: ((await management.rules.list(id)) ?? []).map(ruleJson) };
    },
  );
}

function createRule(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: all,
      summary: "Add a rule to an upstream",
      action: "change_upstream",
      params: idParams,
      body: rule,
      answer: ruleRecord,
      tagged: true,
      status: 201,
    },
    async ({ params, granted, body, author }) => {
      const upstream = granted(await management.upstreams.get(params.id));
      const made = await management.by(author).rules.create(upstream.id, await body());
      return answered(made);
    },
  );
}

function getRule(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: one,
      summary: "Get a rule of an upstream",
      action: "read_registry",
      params: oneParams,
      answer: ruleRecord,
      tagged: true,
      status: 200,
    },
    async ({ params, granted }) => {
      const { id } = granted(await management.upstreams.get(params.id));
      return answered(await management.rules.get(id, params.rule_id));
    },
  );
}

function changeRule(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "patch",
      conditional: true,
      path: one,
      summary: "Change a rule of an upstream, in its place",
      action: "change_upstream",
      params: oneParams,
      body: ruleChanges,
      answer: ruleRecord,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, body, condition, author }) => {
      const upstream = granted(await management.upstreams.get(params.id));
      const { target, effect, pattern } = atLeastOne(ruleChanges, await body());
      const changes = {
        ...(target && { target }),
        ...(effect && { effect }),
        ...(pattern && { pattern }),
      };
      const { rules } = management.by(author);
      return answered(await rules.change(upstream.id, params.rule_id, changes, condition()));
    },
  );
}

function deleteRule(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: one,
      summary: "Take a rule from an upstream",
      action: "change_upstream",
      params: oneParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const upstream = granted(await management.upstreams.get(params.id));
      const { rules } = management.by(author);
      return removed(await rules.remove(upstream.id, params.rule_id, condition()));
    },
  );
}
