import type { Selectable } from "kysely";
import type { Db } from "../schema.ts";
import type { OidcIssuer, OidcIssuerRecord } from "./contract.ts";
import type { OidcIssuersTable } from "./table.ts";

export function issuerOf(row: Selectable<OidcIssuersTable>): OidcIssuerRecord {
  const settings = JSON.parse(row.settings) as Omit<OidcIssuer, "name" | "issuer">;
  return {
    id: row.id,
    ...settingsOf({ ...settings, name: row.name, issuer: row.issuer }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Nothing but the settings, always in the same order. */
export function settingsOf(issuer: OidcIssuer): OidcIssuer {
  return {
    name: issuer.name,
    issuer: issuer.issuer,
    jwksUri: issuer.jwksUri,
    audiences: issuer.audiences,
    algorithms: issuer.algorithms,
    ca: issuer.ca,
    leewaySeconds: issuer.leewaySeconds,
    requiredClaims: issuer.requiredClaims,
    rules: issuer.rules.map(({ claims, group, pull }) => ({ claims, group, pull })),
  };
}

export function columnsOf(settings: OidcIssuer) {
  const { name, issuer, ...rest } = settingsOf(settings);
  return { name, issuer, settings: JSON.stringify(rest) };
}

export async function readIssuers(db: Db): Promise<OidcIssuerRecord[]> {
  const rows = await db.selectFrom("oidc_issuers").selectAll().orderBy("id").execute();
  return rows.map(issuerOf);
}
