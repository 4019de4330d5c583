import { afterEach, describe, expect, test } from "bun:test";
import { run } from "./world.ts";
import { testCertificate as certificate } from "../fakes/certificate.ts";

let server: ReturnType<typeof Bun.serve> | undefined;
afterEach(() => server?.stop(true));

/** A server that answers on this address, and what it was asked. */
function start(hostname: string, tls?: { cert: string; key: string }): string[] {
  const asked: string[] = [];
  server = Bun.serve({
    hostname,
    port: 0,
    ...(tls && { tls }),
    fetch({ url }) {
      const { pathname } = new URL(url);
      asked.push(pathname);
      const isReady = pathname !== "/readyz";
      return Response.json(
        { status: isReady ? "ok" : "not ready" },
        { status: isReady ? 200 : 503 },
      );
    },
  });
  return asked;
}

async function check(
  args: string[],
  env: Record<string, string>,
  files: Record<string, string> = {},
) {
  const { code, out, err } = await run(["healthcheck", ...args], { env, files });
  return { code, out, err };
}

describe("weir healthcheck", () => {
  test("asks whether the server is there, or can serve", async () => {
    const asked = start("127.0.0.1");
    const env = { WEIR_LISTEN: `127.0.0.1:${server?.port}` };
    expect(await check([], env)).toEqual({ code: 0, out: '{"status":"ok"}', err: "" });
    expect(await check(["--ready"], env)).toMatchObject({ code: 1, out: '{"status":"not ready"}' });
    expect(asked).toEqual(["/healthz", "/readyz"]);
  });

  test.each(["0.0.0.0", "[::]"])("finds one that listens at %s", async (address) => {
    start(address.replace(/[[\]]/g, ""));
    expect(await check([], { WEIR_LISTEN: `${address}:${server?.port}` })).toMatchObject({
      code: 0,
    });
  });

  test("takes the certificate that the server has, whatever name it is for", async () => {
    start("127.0.0.1", certificate);
    const env = {
      WEIR_LISTEN: `127.0.0.1:${server?.port}`,
      WEIR_TLS_CERT: "cert.pem",
      WEIR_TLS_KEY: "key.pem",
    };
    const files = { "cert.pem": certificate.cert, "key.pem": certificate.key };
    expect(await check([], env, files)).toMatchObject({ code: 0 });
  });

  test("says where nobody answers", async () => {
    start("127.0.0.1");
    const port = server?.port;
    await server?.stop(true);
    const { code, err } = await check([], { WEIR_LISTEN: `127.0.0.1:${port}` });
    expect([code, err]).toEqual([
      1,
      `weir: nobody answers at http://127.0.0.1:${port}/healthz (ECONNREFUSED)`,
    ]);
  });
});
