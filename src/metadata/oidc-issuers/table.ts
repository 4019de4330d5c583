import type { Generated } from "kysely";

export interface OidcIssuersTable {
  id: Generated<number>;
  name: string;
  issuer: string;
  /** A JSON object: the settings but for these two. */
  settings: string;
  declared: Generated<number>;
  created_at: number;
  updated_at: number;
}
