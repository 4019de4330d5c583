import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CompiledQuery, Kysely } from "kysely";
import { systemClock } from "../../src/lib/clock.ts";
import { postgresDialect } from "../../src/metadata/postgres/dialect.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { testCertificate } from "../fakes/certificate.ts";
import { clientCa } from "../fakes/client-certificates.ts";
import { lackOfPostgres, PostgresServer } from "../fakes/postgres.ts";

const lack = lackOfPostgres();
const password = "p@ss:/wörd %";

describe.skipIf(lack !== undefined)(`the way to PostgreSQL${lack ? ` (${lack})` : ""}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start(
      { ssl: "on", ssl_cert_file: "own.crt", ssl_key_file: "own.key" },
      {
        "own.crt": testCertificate.cert,
        "own.key": testCertificate.key,
        "pg_hba.conf": [
          "local all all trust",
          "hostssl all ann all scram-sha-256",
          "hostnossl all ann all reject",
          "host all weir all trust",
        ].join("\n"),
      },
    );
    await server.query("postgres", `create role ann login password '${password}'`);
  });
  afterAll(() => server.remove());

  /** Whether the connection is by TLS; what stands in its way. */
  const reached = async (url: string, ca?: string): Promise<unknown> => {
    const times = { connectMs: 3000, statementMs: 3000, lockMs: undefined, waitMs: 3000 };
    const options = { url, ca, ...times, timers: systemClock, max: 1 };
    const db = new Kysely<Schema>({ dialect: postgresDialect(options) });
    try {
      const asked = CompiledQuery.raw("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
      const { rows } = await db.executeQuery<{ ssl: boolean }>({ ...asked });
      return rows[0]?.ssl;
    } catch (error) {
      return (error as { code?: string }).code;
    } finally {
      await db.destroy();
    }
  };
  const annAt = (mode: string, host = "127.0.0.1") =>
    `postgres://ann:${encodeURIComponent(password)}@${host}:${server.port}/postgres?sslmode=${mode}`;

  test("is by TLS where that is asked for, with whatever is in the password", async () => {
    expect(await reached(annAt("require"))).toBe(true);
    expect(await reached(annAt("verify-full"), testCertificate.cert)).toBe(true);
    expect(await reached(annAt("disable"))).toBe("POSTGRES_28000");
    expect(await reached(server.url("postgres"))).toBe(false);
    const socket = `?host=${encodeURIComponent(server.socketFolder)}`;
    expect(await reached(server.url("postgres", socket))).toBe(false);
  });

  test("with verify-full, leads to nobody else", async () => {
    expect(await reached(annAt("require", "localhost"))).toBe(true);
    for (const [url, ca] of [
      [annAt("verify-full"), clientCa],
      [annAt("verify-full"), undefined],
      [annAt("verify-full", "localhost"), testCertificate.cert],
    ] as const) {
      expect(await reached(url, ca)).toMatch(/^POSTGRES_/);
    }
  });

  test("is not without TLS where the server has none", async () => {
    const plain = await PostgresServer.start();
    expect(await reached(plain.url("postgres", "?sslmode=require"))).toMatch(/^POSTGRES_/);
    await plain.remove();
  });

  test("needs the right password", async () => {
    const url = `postgres://ann:wrong@127.0.0.1:${server.port}/postgres?sslmode=require`;
    expect(await reached(url)).toBe("POSTGRES_28P01");
  });
});
