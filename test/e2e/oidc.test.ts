import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Client } from "./lab/clients/contract.ts";
import { docker, podman, skopeo, succeed } from "./lab/clients/index.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { environment, run } from "./lab/processes.ts";

const audience = "https://weir.example.com";

/** Weir with registry 1 behind a rule for the jobs of one project's protected branches; nobody else has a token. */
async function withIssuer(lab: Lab) {
  const registry = await lab.registry();
  const issuer = await lab.issuer([audience, "somebody-else"]);
  const file = path.join(lab.folder(), "weir.yaml");
  const rule = "{ claims: { project_path: acme/**, ref_protected: true }, group: default }";
  const trusted = `{ name: forge, issuer: "${issuer.url}", audiences: ["${audience}"], rules: [${rule}] }`;
  writeFileSync(file, `oidc_issuers: [${trusted}]\n`);
  const weir = await lab.weir({ upstream: registry.url, env: { WEIR_CONFIG_FILE: file } });
  return { registry, issuer, weir };
}

const good = { project_path: "acme/app", ref: "main", ref_protected: "true" };

for (const kind of [skopeo, podman, docker]) {
  await e2e(
    `${kind.name} pulls in a job with its id token and with nothing else`,
    { needs: [kind] },
    async (lab) => {
      const { registry, issuer, weir } = await withIssuer(lab);
      const idToken = await issuer.idToken("job-1", good);
      const client = await lab.client<Client>(kind);
      succeed(await client.login(weir.host, "oidc", idToken));
      const pullAll = async () => {
        for (const { byTag, byDigest } of [lab.images.hello, lab.images.multi].map((image) =>
          weir.names(image),
        )) {
          succeed(await client.pull(byTag));
          succeed(await client.pull(byDigest));
        }
      };
      await pullAll();
      const asked = ["GET /.well-known/openid-configuration", "GET /jwks"];
      expect(issuer.seen).toEqual(asked);
      await weir.logged('"actor":"ci:forge:acme/app"');
      // Neither the upstream nor the issuer is needed any more.
      await registry.stop();
      await issuer.stop();
      await client.wipe();
      await pullAll();
      expect(issuer.seen).toEqual(asked);
    },
  );
}

/** When an id token ends, in milliseconds. */
function endOf(token: string): number {
  const { exp } = JSON.parse(atob(token.split(".")[1] ?? "")) as { exp: number };
  return exp * 1000;
}

await e2e(
  "other jobs, other audiences and tokens that have ended pull nothing",
  { needs: [skopeo] },
  async (lab) => {
    const { issuer, weir } = await withIssuer(lab);
    const image = `docker://${weir.names(lab.images.hello).byTag}`;
    const inspect = async (password: string) => {
      const credentials = `--creds=oidc:${password}`;
      const command = ["skopeo", "inspect", "--no-tags", "--tls-verify=false", credentials, image];
      return run(command, environment(lab.folder()));
    };
    const wrong = [
      await issuer.idToken("job-1", { ...good, ref_protected: "false" }),
      await issuer.idToken("job-2", { ...good, project_path: "evil/app" }),
      await issuer.idToken("job-3", good, "somebody-else"),
    ];
    for (const token of wrong) {
      const { code, output } = await inspect(token);
      expect(code).not.toBe(0);
      expect(output).toContain("the password or access token that was given is not valid");
    }
    // Long enough to be used once; how long that takes is a matter of the machine.
    let used = false;
    let token = "";
    for (issuer.seconds = 4; !used; issuer.seconds *= 2) {
      token = await issuer.idToken("job-4", good);
      const outcome = await inspect(token);
      used = Date.now() < endOf(token);
      if (used) succeed(outcome);
    }
    await Bun.sleep(endOf(token) - Date.now() + 1);
    const { code, output } = await inspect(token);
    expect(code).not.toBe(0);
    expect(output).toContain("the password or access token that was given is not valid");
    await weir.logged('"reason":"expired"');
    expect(issuer.seen).toHaveLength(2);
  },
);
