// Starts a PostgreSQL for a whole run of tests and prints its URL; ends with its standard input.
import { PostgresServer } from "./postgres.ts";

const server = await PostgresServer.start();
process.stdout.write(`${server.url("postgres")}\n`);
process.stdin.once("end", () => void server.remove().then(() => process.exit(0)));
process.stdin.resume();
