import { z } from "zod";
import { issuerUrl, keysUrl } from "./addresses.ts";
import { claimPatterns, tooWide } from "./claim-patterns.ts";
import type { OidcIssuer, PullRoad } from "./contract.ts";
import { defaultGroup, file, list, map, secret } from "./shapes.ts";
import { integer, line, matching, oneOf } from "./text.ts";

const maxRules = 100;
const maxAudiences = 20;
const roads: PullRoad[] = ["registries", "dependency_proxies"];

/** Who can check such a signature cannot make one; with the other kind (HS256) he could. */
const algorithms = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");

const name = matching(
  /^[a-z\d](?:[a-z\d_-]{0,30}[a-z\d])?$/,
  "must be 1 to 32 lower-case letters, digits, _ or -, a letter or digit first and last",
);

const rule = map({
  claims: claimPatterns,
  group: z.string("must be the path of a group").default(defaultGroup),
  pull: list(oneOf(roads))
    .min(1, `must name at least one of ${roads.join(", ")}`)
    .optional(),
});

/** An issuer as the file has it. */
export const issuer = map({
  name,
  issuer: issuerUrl,
  jwks_uri: keysUrl.optional(),
  audiences: list(line(255))
    .min(1, "must name at least one audience")
    .max(maxAudiences, `must be at most ${maxAudiences} audiences`)
    .optional(),
  algorithms: list(oneOf(algorithms))
    .min(1, "must name at least one algorithm")
    .default(["RS256", "ES256"]),
  ca: secret.optional(),
  ca_file: file.optional(),
  leeway_seconds: integer(0, 60, "seconds").default(30),
  required_claims: claimPatterns.default({}),
  rules: list(rule)
    .min(1, "must have at least one rule: without any no token opens anything")
    .max(maxRules, `must be at most ${maxRules} rules`),
}).superRefine(({ issuer: url, required_claims: required, rules }, context) => {
  for (const [index, { claims }] of rules.entries()) {
    const message = tooWide(url, required, claims);
    const path = ["rules", index, "claims"];
    if (message !== undefined) context.addIssue({ code: "custom", path, message });
  }
});

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
      return { claims, group, pull: pull ?? (group.includes("/") ? roads.slice(1) : roads) };
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
