import type { SqlWords } from "./index.ts";

/** Whose id tokens count, and what they open: what was configuration alone becomes data. */
export const oidcIssuers = ({ id, integer, table }: SqlWords): string[] => [
  `create table oidc_issuers (
  id ${id},
  name text not null unique check (length(name) between 1 and 32),
  -- as it stands in tokens
  issuer text not null unique check (length(issuer) between 1 and 2048),
  -- a JSON object: where its keys are, what its tokens must say, and the rules
  settings text not null,
  -- whether a configuration file has declared it
  declared ${integer} not null default 0 check (declared in (0, 1)),
  created_at ${integer} not null,
  updated_at ${integer} not null
)${table}`,
];
