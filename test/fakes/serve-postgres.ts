// Starts a PostgreSQL for a whole run of tests, makes the database that others are copied from, and prints its URL; ends with
// its standard input. Where there is no PostgreSQL it ends at once: the tests that need one say so.
import { postgresOpener } from "./metadata-postgres.ts";
import { lackOfPostgres, PostgresServer, templateName } from "./postgres.ts";

if (lackOfPostgres() !== undefined) process.exit(0);
const server = await PostgresServer.start();
await server.query("postgres", `create database ${templateName} template template0`);
await (await postgresOpener(server.url(templateName)).open()).close();
process.stdout.write(`${server.url("postgres")}\n`);
process.stdin.once("end", () => void server.remove().then(() => process.exit(0)));
process.stdin.resume();
