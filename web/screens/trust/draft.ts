import type { Values } from "../../ui/form.tsx";
import type { components } from "../../api/schema.ts";
import { type ClaimRow, claimsOf, rowsOf } from "./claims.ts";

type Schemas = components["schemas"];
export type Issuer = Schemas["OidcIssuer"];
export type IssuerFields = Schemas["OidcIssuerFields"];
export type Road = Issuer["rules"][number]["pull"][number];
export type Algorithm = NonNullable<IssuerFields["algorithms"]>[number];

export interface RuleDraft {
  /** Of the draft alone, so that rows keep their fields when others go. */
  key: number;
  claims: ClaimRow[];
  group: string;
  pull: Road[];
}

/** The parts of a form that are no single fields. */
export interface Draft {
  algorithms: Algorithm[];
  required: ClaimRow[];
  rules: RuleDraft[];
}

let keys = 0;
export const newRule = (group: string): RuleDraft => ({
  key: (keys += 1),
  claims: [{ claim: "", value: "" }],
  group,
  pull: ["registries", "dependency_proxies"],
});

export function draftOf(issuer: Issuer | undefined, group: string): Draft {
  if (!issuer) return { algorithms: ["RS256", "ES256"], required: [], rules: [newRule(group)] };
  return {
    algorithms: issuer.algorithms as Algorithm[],
    required: rowsOf(issuer.required_claims),
    rules: issuer.rules.map((rule) => ({
      key: (keys += 1),
      claims: rowsOf(rule.claims),
      group: rule.group,
      pull: rule.pull,
    })),
  };
}

/** What the form says as a whole; what is empty is what is so where nothing is said. */
export function fieldsOf(values: Values, { algorithms, required, rules }: Draft): IssuerFields {
  const { name = "", issuer = "", jwks_uri: keysUrl, audiences = "", ca } = values;
  const listed = audiences
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return {
    name,
    issuer,
    jwks_uri: keysUrl || null,
    audiences: listed.length > 0 ? listed : null,
    algorithms,
    ca: ca || null,
    leeway_seconds: Number(values["leeway_seconds"] || "30"),
    required_claims: claimsOf(required),
    rules: rules.map(({ claims, group, pull }) => ({ claims: claimsOf(claims), group, pull })),
  };
}
