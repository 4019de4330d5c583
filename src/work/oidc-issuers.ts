import { z } from "zod";
import { issuerUrl, keysUrl } from "./addresses.ts";
import { claimPatterns, tooWide } from "./claim-patterns.ts";
import type { ClaimPatterns } from "../lib/claims.ts";
import type { OidcIssuer, PullRoad } from "../metadata/contract.ts";
import { defaultGroup, file, list, map, secret } from "./shapes.ts";
import { integer, line, matching, oneOf } from "./text.ts";

const maxRules = 100;
const maxAudiences = 20;
const roads: PullRoad[] = ["registries", "dependency_proxies"];

/** Who can check such a signature cannot make one; with the other kind (HS256) he could. */
const algorithms = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");

export const defaultAlgorithms = ["RS256", "ES256"];
export const defaultLeeway = 30;
export const noRegistries = "must not have registries for a subgroup, which has none";

const name = matching(
  /^[a-z\d](?:[a-z\d_-]{0,30}[a-z\d])?$/,
  "must be 1 to 32 lower-case letters, digits, _ or -, a letter or digit first and last",
);

const noAudience = "must name at least one audience";
const manyAudiences = `must be at most ${maxAudiences} audiences`;
const noAlgorithm = "must name at least one algorithm";
const noRule = "must have at least one rule: without any no token opens anything";
const manyRules = `must be at most ${maxRules} rules`;
const noRoad = `must name at least one of ${roads.join(", ")}`;

/** What an issuer is made of, whether in a file or elsewhere. */
export const issuerParts = {
  name,
  issuer: issuerUrl,
  keysUrl,
  audience: line(255),
  algorithms,
  claims: claimPatterns,
  roads,
} as const;

const rule = map({
  claims: claimPatterns,
  group: z.string("must be the path of a group").default(defaultGroup),
  pull: list(oneOf(roads)).min(1, noRoad).optional(),
});

/** An issuer as the file has it. */
export const issuer = map({
  name,
  issuer: issuerUrl,
  jwks_uri: keysUrl.optional(),
  audiences: list(issuerParts.audience)
    .min(1, noAudience)
    .max(maxAudiences, manyAudiences)
    .optional(),
  algorithms: list(oneOf(algorithms)).min(1, noAlgorithm).default(defaultAlgorithms),
  ca: secret.optional(),
  ca_file: file.optional(),
  leeway_seconds: integer(0, 60, "seconds").default(defaultLeeway),
  required_claims: claimPatterns.default({}),
  rules: list(rule).min(1, noRule).max(maxRules, manyRules),
}).superRefine(({ issuer: url, required_claims: required, rules }, context) => {
  for (const { path, message } of wideRules(url, required, rules)) {
    context.addIssue({ code: "custom", path, message });
  }
});

interface Problem {
  path: (string | number)[];
  message: string;
}

/** Rules that let in more than can be meant. */
function wideRules(
  url: string,
  required: ClaimPatterns,
  rules: readonly { claims: ClaimPatterns }[],
): Problem[] {
  return rules.flatMap(({ claims }, index) => {
    const message = tooWide(url, required, claims);
    return message === undefined ? [] : [{ path: ["rules", index, "claims"], message }];
  });
}

/** What is wrong with an issuer whose parts are each as they may be. */
export function issuerProblems(issuer: OidcIssuer): Problem[] {
  const { audiences, algorithms: allowed, rules } = issuer;
  const counts: [list: string, length: number, most: number, none: string, many: string][] = [
    ["audiences", audiences?.length ?? 1, maxAudiences, noAudience, manyAudiences],
    ["algorithms", allowed.length, algorithms.length, noAlgorithm, "has one twice"],
    ["rules", rules.length, maxRules, noRule, manyRules],
  ];
  return [
    ...counts.flatMap(([list, length, most, none, many]) => {
      if (length === 0) return [{ path: [list], message: none }];
      return length > most ? [{ path: [list], message: many }] : [];
    }),
    ...rules.flatMap(({ group, pull }, index) => {
      const path = ["rules", index, "pull"];
      if (pull.length === 0) return [{ path, message: noRoad }];
      const isWrong = group.includes("/") && pull.includes("registries");
      return isWrong ? [{ path, message: noRegistries }] : [];
    }),
    ...wideRules(issuer.issuer, issuer.requiredClaims, rules),
  ];
}

/** What a rule opens that does not say it: a subgroup has no registries. */
export const roadsOf = (group: string): PullRoad[] =>
  group.includes("/") ? roads.slice(1) : roads;

/** In what the server goes by. */
export function issuerOf(given: z.infer<typeof issuer>, ca: string | undefined): OidcIssuer {
  return {
    name: given.name,
    issuer: given.issuer,
    jwksUri: given.jwks_uri,
    audiences: given.audiences,
    algorithms: given.algorithms,
    ca,
    leewaySeconds: given.leeway_seconds,
    requiredClaims: given.required_claims,
    rules: given.rules.map(({ claims, group, pull }) => {
      return { claims, group, pull: pull ?? roadsOf(group) };
    }),
  };
}

/** As the file would say it. */
export function visibleIssuer(issuer: OidcIssuer) {
  return {
    name: issuer.name,
    issuer: issuer.issuer,
    ...(issuer.jwksUri !== undefined && { jwks_uri: issuer.jwksUri }),
    ...(issuer.audiences && { audiences: issuer.audiences }),
    algorithms: issuer.algorithms,
    ...(issuer.ca !== undefined && { ca: issuer.ca }),
    leeway_seconds: issuer.leewaySeconds,
    ...(Object.keys(issuer.requiredClaims).length > 0 && {
      required_claims: issuer.requiredClaims,
    }),
    rules: issuer.rules,
  };
}
