import { MetadataError } from "../contract.ts";
import { PostgresError } from "./errors.ts";

/** A failure to open, in words for the operator; what is not about the database stays as it is. */
export function explained(error: unknown, url: string, setting = "WEIR_DATABASE_URL"): unknown {
  if (!(error instanceof PostgresError)) return error;
  const { host, pathname } = new URL(url);
  const name = `the database ${pathname.slice(1)} at ${host}`;
  const { code } = error;
  const said = (problem: "damaged" | "unusable", what: string, fix: string) =>
    new MetadataError(problem, `${name} ${what} (${code}): ${fix}`, { cause: error });
  // An error in the SQL itself means that the tables are not ours.
  if (/^POSTGRES_42(?!501)/.test(code)) {
    const fix = "give this server a database of its own, or restore it from a backup";
    return said("damaged", "has tables that are not those of this server", fix);
  }
  if (/^POSTGRES_(?:28|3D|42501|25006)/.test(code)) {
    const fix = `${setting} must name a database that is there, with a user who may make tables in it, and his password`;
    return said("unusable", "cannot be used", fix);
  }
  const fix = "see to it that it runs, takes connections from here, and has some to spare";
  return said("unusable", "does not answer", fix);
}
