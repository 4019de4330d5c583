import type { OidcIssuerJson } from "../../http/api/contract.ts";
import type { OidcIssuer } from "../../work/contract.ts";
import { issuerPath, issuersPath } from "../find.ts";
import { shapes } from "../shapes.ts";
import { differing, type Planning, type Step, told, toldNew, unchanged } from "./planning.ts";

/** What is declared of an issuer, as the API has it. */
const fieldsOf = (issuer: OidcIssuer) => ({
  name: issuer.name,
  issuer: issuer.issuer,
  jwks_uri: issuer.jwksUri ?? null,
  audiences: issuer.audiences ?? null,
  algorithms: issuer.algorithms,
  ca: issuer.ca ?? null,
  leeway_seconds: issuer.leewaySeconds,
  required_claims: issuer.requiredClaims,
  rules: issuer.rules.map(({ claims, group, pull }) => ({ claims, group, pull })),
});
type Fields = ReturnType<typeof fieldsOf>;

/** The same of one that is there. */
const presentFields = (issuer: OidcIssuerJson) => ({
  name: issuer.name,
  issuer: issuer.issuer,
  jwks_uri: issuer.jwks_uri,
  audiences: issuer.audiences,
  algorithms: issuer.algorithms,
  ca: issuer.ca,
  leeway_seconds: issuer.leeway_seconds,
  required_claims: issuer.required_claims,
  rules: issuer.rules.map(({ claims, group, pull }) => ({ claims, group, pull })),
});

/** As a file says it: without what is not set. */
export function issuerItem(issuer: OidcIssuerJson): Record<string, unknown> {
  const { required_claims: required, ...fields } = presentFields(issuer);
  const isAny = Object.keys(required).length > 0;
  const entries = Object.entries({ ...fields, ...(isAny && { required_claims: required }) });
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}

/** Issuers to trust, and to trust otherwise. An issuer is what its name says, or else its address: then it gets the name. */
export function planIssuers({ wanted, present }: Planning): Step[] {
  return wanted.declared.oidcIssuers.flatMap((declared) => {
    const fields = fieldsOf(declared);
    const before = presentOf(present.issuers ?? [], declared);
    if (!before) return [addIssuer(fields)];
    const toSet = differing(fields, presentFields(before));
    return toSet.length === 0 ? [] : [changeIssuer(before, fields, toSet)];
  });
}

const presentOf = (issuers: readonly OidcIssuerJson[], { name, issuer }: OidcIssuer) =>
  issuers.find((one) => one.name === name) ?? issuers.find((one) => one.issuer === issuer);

function addIssuer(fields: Fields): Step {
  const { name, ...rest } = fields;
  const entries = Object.entries(rest).filter(([, value]) => value !== null);
  const details = entries.map(([field, value]) => toldNew(field, value));
  return {
    change: { sign: "+", what: `oidc issuer ${name}`, details },
    async run(api) {
      await api.post(shapes.oidcIssuer, issuersPath, { body: fields });
    },
  };
}

function changeIssuer(before: OidcIssuerJson, fields: Fields, toSet: (keyof Fields)[]): Step {
  const what = `oidc issuer ${before.name}`;
  const seen = presentFields(before);
  const details = toSet.map((field) => told(field, seen[field], fields[field]));
  const body = Object.fromEntries(toSet.map((field) => [field, fields[field]]));
  const place = issuerPath(before.id);
  return {
    change: { sign: "~", what, details },
    async run(api) {
      const isSame = (now: OidcIssuerJson) => differing(presentFields(now), seen).length === 0;
      const version = await unchanged(api, shapes.oidcIssuer, place, what, isSame);
      await api.patch(shapes.oidcIssuer, place, { body, version });
    },
  };
}

/** Issuers that the file does not have, though it speaks of issuers. */
export function removeIssuers({ wanted, present }: Planning): Step[] {
  if (!wanted.keys.has("oidc_issuers")) return [];
  const all = present.issuers ?? [];
  const kept = new Set(wanted.declared.oidcIssuers.map((one) => presentOf(all, one)?.id));
  return all
    .filter(({ id }) => !kept.has(id))
    .map((issuer): Step => {
      const what = `oidc issuer ${issuer.name}`;
      const seen = presentFields(issuer);
      return {
        change: { sign: "-", what, details: [toldNew("issuer", issuer.issuer)] },
        async run(api) {
          const isSame = (now: OidcIssuerJson) => differing(presentFields(now), seen).length === 0;
          const place = issuerPath(issuer.id);
          const version = await unchanged(api, shapes.oidcIssuer, place, what, isSame);
          await api.delete(place, { version });
        },
      };
    });
}
