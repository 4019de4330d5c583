import { expect } from "bun:test";
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import manifest from "../../package.json" with { type: "json" };
import type { Image } from "./lab/images.ts";
import { inRoot, makeEmptyRoot, makeRoot, nobody, ownRoot } from "./lab/container-root.ts";
import { skopeo, succeed } from "./lab/clients/index.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { makeFolder } from "./lab/folders.ts";
import { environment, freePort, output, run, tellJanitor } from "./lab/processes.ts";
import { tool } from "./lab/tools.ts";
import type { Weir } from "./lab/weir.ts";

const top = path.join(import.meta.dir, "../..");
const deploy = path.join(top, "deploy");
const say = (...command: string[]) => output(command, environment("/"));

const [stage = ""] = readFileSync(path.join(deploy, "Dockerfile"), "utf8").split(/^FROM gcr/m);
/** What the image's first stage is given. */
const copied = [...stage.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, names = ""]) =>
  names.split(" "),
);

let building: Promise<string> | undefined;
/** Builds the executables once for all tests here; the path of the one for this machine. */
function executable(): Promise<string> {
  building ??= build();
  return building;
}

/** As the image's first stage does, of what that is given; but for both architectures, and standalone ones too. */
async function build(): Promise<string> {
  const folder = makeFolder();
  tellJanitor("folder", folder);
  for (const name of copied)
    cpSync(path.join(top, name), path.join(folder, name), { recursive: true });
  linkPackages(folder);
  // Where it keeps the runtime of the other architecture.
  symlinkSync(path.join(top, ".cache"), path.join(folder, ".cache"));
  await output(
    ["bash", path.join(folder, "scripts/build-executables.sh"), "--standalone"],
    { ...environment("/"), ...npmSettings() },
    { seconds: 900 },
  );
  return path.join(folder, "dist/weir-linux-x64");
}

/** The packages that `npm install --ignore-scripts --omit=dev` would install, in a folder of their own. */
function linkPackages(folder: string): void {
  const lock = JSON.parse(readFileSync(path.join(top, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const link = (from: string, name: string) => {
    const to = path.join(folder, "node_modules", name);
    mkdirSync(path.dirname(to), { recursive: true });
    symlinkSync(from, to);
  };
  // Its script, which ran here, has moved it away from there.
  const runtime = "@oven/bun-linux-x64";
  link(process.execPath, `${runtime}/bin/bun`);
  for (const [where, { dev }] of Object.entries(lock.packages)) {
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(where) ?? [];
    const from = path.join(top, where);
    if (name !== undefined && name !== runtime && !dev && existsSync(from)) link(from, name);
  }
}

/** Where packages come from: npm and Go are the only ones that need more than what tests give. */
function npmSettings(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) =>
    /^(?:npm_config_|https?_proxy$|NODE_EXTRA)/i.test(name),
  );
  const set = names.map((name) => [name, process.env[name] ?? ""]);
  return { ...Object.fromEntries(set), HOME: process.env["HOME"] ?? "/" };
}

/** A whole image through Weir, by a client that verifies each byte. */
async function pulls(lab: Lab, weir: Weir, image: Image): Promise<void> {
  const client = await lab.client(skopeo);
  succeed(await client.login(weir.host, "admin", weir.token));
  succeed(await client.pull(weir.names(image).byTag));
}

/** Its page, and all that the page names. */
async function showsConsole({ url }: Weir): Promise<void> {
  const page = await (await fetch(url)).text();
  const named = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path);
  expect(named.length).toBe(3);
  for (const path of named) expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
}

const compilers = [tool("openssl"), tool("x86_64-linux-gnu-gcc"), tool("aarch64-linux-gnu-gcc")];

await e2e(
  "the executables are built for both architectures, with their digests",
  { needs: [...compilers, tool("qemu-aarch64-static")], seconds: 150 },
  async () => {
    const dist = path.dirname(await executable());
    const sums = readFileSync(path.join(dist, "SHA256SUMS"), "utf8");
    const names = ["arm64", "x64"].flatMap((one) => [one, `${one}-standalone`]);
    expect([...(sums.match(/weir-.*/g) ?? [])]).toEqual(names.map((name) => `weir-linux-${name}`));
    await say("sh", "-c", `cd ${dist} && sha256sum --check --strict SHA256SUMS`);
    const version = `weir ${manifest.version}\n`;
    for (const name of ["x64", "x64-standalone"])
      expect(await say(path.join(dist, `weir-linux-${name}`), "--version")).toBe(version);
    const [emulator, libraries] = ["qemu-aarch64-static", "/usr/aarch64-linux-gnu"];
    const arm = path.join(dist, "weir-linux-arm64");
    expect(await say(emulator, "-L", libraries, arm, "--version")).toBe(version);
    // The kernel here starts no loader of arm64: the first half of this start, and its second, are seen apart.
    const first = await run([emulator, `${arm}-standalone`, "--version"], environment("/"));
    expect(first.output).toBe("weir: the loader cannot be started: is /proc there?\n");
    const loader = `${libraries}/lib/ld-linux-aarch64.so.1`;
    const second = [emulator, loader, "--library-path", `${libraries}/lib`, `${arm}-standalone`];
    // The same program once more: emulated, its compiler takes as long as all the rest.
    const withoutJit = environment("/", { BUN_JSC_useJIT: "0" });
    expect(await output([...second, "--version"], withoutJit)).toBe(version);
  },
);

for (const kind of ["standalone", "usual"] as const) {
  const what = kind === "standalone" ? "nothing but certificates" : "glibc and certificates alone";
  await e2e(
    `the ${kind} executable serves from a root with ${what}`,
    { needs: [...compilers, ownRoot, skopeo], seconds: 120 },
    async (lab) => {
      const usual = await executable();
      const root = lab.folder();
      if (kind === "standalone") makeEmptyRoot(root);
      else await makeRoot(root, usual);
      const weirThere = inRoot(root, kind === "standalone" ? `${usual}-standalone` : usual);
      const registry = await lab.registry();
      const weir = await lab.weir({
        upstream: registry.url,
        env: { WEIR_DATA_DIR: "/data", TMPDIR: "/tmp" },
        command: weirThere("serve"),
      });
      await pulls(lab, weir, lab.images.single);
      await registry.stop();
      await pulls(lab, weir, lab.images.single);
      await showsConsole(weir);
      const asking = { ...environment("/"), WEIR_LISTEN: weir.host };
      const told = await run(weirThere("healthcheck", "--ready"), asking);
      expect([told.code, told.stdout]).toEqual([0, expect.stringContaining('"status":"ready"')]);
      expect(await weir.stop()).toBe(0);
      const silent = await run(weirThere("healthcheck"), asking);
      expect([silent.code, silent.output]).toEqual([
        1,
        expect.stringContaining("nobody answers at"),
      ]);
    },
  );
}

/** buildah with a store of its own. */
function buildahIn(folder: string) {
  const store = [
    "--root",
    `${folder}/root`,
    "--runroot",
    `${folder}/run`,
    "--storage-driver",
    "vfs",
  ];
  const policy = path.join(folder, "policy.json");
  writeFileSync(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  return {
    command: (...args: string[]) => ["buildah", ...store, ...args],
    build: (tag: string, dockerfile: string, context: string, ...args: string[]) =>
      output(
        [
          "buildah",
          ...store,
          "build",
          "--isolation",
          "chroot",
          "--pull-never",
          "--quiet",
          "--signature-policy",
          policy,
          "--format",
          "docker",
          ...args,
          "--tag",
          tag,
          "--file",
          dockerfile,
          context,
        ],
        environment(folder),
      ),
    policy,
  };
}

await e2e(
  "the image is small, is nobody's, and serves",
  { needs: [...compilers, tool("buildah"), ownRoot, skopeo], seconds: 180 },
  async (lab) => {
    const file = await executable();
    const folder = lab.folder();
    const buildah = buildahIn(folder);
    // What cannot be had here stands in: a base image with what the real one has, and the stage that builds.
    const base = lab.folder();
    await makeRoot(base, file);
    const from = path.join(folder, "Base");
    writeFileSync(from, "FROM scratch\nCOPY . /\n");
    await buildah.build("gcr.io/distroless/base-nossl-debian12:nonroot", from, base);
    const built = lab.folder();
    mkdirSync(path.join(built, "out/data"), { recursive: true });
    cpSync(file, path.join(built, "out/weir"));
    const stage = `build=${built}`;
    await buildah.build(
      "weir:test",
      path.join(deploy, "Dockerfile"),
      top,
      "--build-context",
      stage,
      "--build-arg",
      "TARGETARCH=amd64",
    );

    const registry = await lab.registry({ storage: lab.folder(), writable: true });
    const target = `docker://127.0.0.1:${registry.port}/weir:test`;
    await output(
      buildah.command(
        "push",
        "--quiet",
        "--signature-policy",
        buildah.policy,
        "--tls-verify=false",
        "weir:test",
        target,
      ),
      environment(folder),
    );
    const { config } = JSON.parse(
      await say("skopeo", "inspect", "--tls-verify=false", "--raw", "--config", target),
    ) as { config: Record<string, unknown> };
    expect(config).toMatchObject({
      User: "65532:65532",
      Entrypoint: ["/usr/local/bin/weir"],
      Cmd: ["serve"],
      StopSignal: "SIGTERM",
      Volumes: { "/data": {} },
      Healthcheck: { Test: ["CMD", "/usr/local/bin/weir", "healthcheck"] },
    });
    const { layers } = JSON.parse(
      await say("skopeo", "inspect", "--tls-verify=false", "--raw", target),
    ) as { layers: { size: number }[] };
    expect(layers.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(60e6);

    // No engine runs containers here; buildah runs the image's command in its root, as its user.
    const container = (
      await output(
        buildah.command("from", "--pull-never", "--signature-policy", buildah.policy, "weir:test"),
        environment(folder),
      )
    ).trim();
    const upstream = await lab.registry();
    const data = lab.folder();
    chownSync(data, nobody, nobody);
    const port = freePort();
    const settings = [
      `WEIR_LISTEN=127.0.0.1:${port}`,
      "WEIR_ALLOWED_UPSTREAM_ADDRESSES=127.0.0.0/8",
      `WEIR_FIRST_UPSTREAM_URL=${upstream.url}`,
    ];
    const weir = await lab.weir({
      command: buildah.command(
        "run",
        "--isolation",
        "chroot",
        "--user",
        `${nobody}:${nobody}`,
        "--volume",
        `${data}:/data`,
        ...settings.flatMap((one) => ["--env", one]),
        container,
        "--",
        "/usr/local/bin/weir",
        "serve",
      ),
      env: { WEIR_LISTEN: `127.0.0.1:${port}` },
      port,
    });
    await pulls(lab, weir, lab.images.single);
  },
);

await e2e(
  "what the image's first stage is given is all that it needs",
  { needs: compilers, seconds: 150 },
  async (lab) => {
    expect(copied).toContain("src");
    expect(stage).toContain("npm install --ignore-scripts --omit=dev");
    expect(stage).toContain('scripts/build-executables.sh "$TARGETARCH"');
    // Of that all executables here are built.
    expect(await say(await executable(), "--version")).toBe(`weir ${manifest.version}\n`);
    // As containers call it; the other is to end it before anything is built.
    const script = path.join(lab.folder(), "scripts/build-executables.sh");
    cpSync(path.join(top, "scripts"), path.dirname(script), { recursive: true });
    linkPackages(path.dirname(path.dirname(script)));
    const named = await run(["bash", script, "amd64", "arm64", "z80"], environment("/"));
    expect([named.code, named.output]).toEqual([2, "executables: there is no z80\n"]);
  },
);

await e2e("the Dockerfile passes hadolint", { needs: [tool("hadolint")] }, async () => {
  await say("hadolint", path.join(deploy, "Dockerfile"));
});

await e2e(
  "the alert rules are right, and fire when they should",
  { needs: [tool("promtool")] },
  async (lab) => {
    const rules = path.join(deploy, "observability");
    await say("promtool", "check", "rules", path.join(rules, "alerts.yaml"));
    const tests = ["alerts", "alerts-days"].map((name) => path.join(rules, `${name}.test.yaml`));
    await say("promtool", "test", "rules", ...tests);
    const weir = await lab.weir({ upstream: (await lab.registry()).url });
    await weir.manifest(lab.images.single);
    const text = await (await fetch(`${weir.url}/metrics`)).text();
    // Nothing about the metrics that it would have otherwise.
    const lint = await run(["promtool", "check", "metrics"], environment("/"), { input: text });
    expect([lint.code, lint.output]).toEqual([0, ""]);
  },
);

await e2e(
  "the unit is one that systemd takes, and keeps the server to itself",
  { needs: [...compilers, tool("systemd-analyze")] },
  async (lab) => {
    const unit = path.join(lab.folder(), "weir.service");
    const text = readFileSync(path.join(deploy, "systemd/weir.service"), "utf8");
    writeFileSync(unit, text.replaceAll("/usr/local/bin/weir", await executable()));
    const verified = await run(["systemd-analyze", "verify", unit], environment("/"));
    expect([verified.code, verified.output]).toEqual([0, ""]);
    // In tenths: 1.5 of 10.
    await say(
      "systemd-analyze",
      "security",
      "--offline=true",
      "--threshold=15",
      "--no-pager",
      unit,
    );
  },
);

const values = ["{}", readFileSync(path.join(top, "test/deploy/helm/full.yaml"), "utf8")];
await e2e(
  "the chart is one that Kubernetes takes",
  { needs: [tool("deploycheck")] },
  async (lab) => {
    const chart = path.join(deploy, "helm/weir");
    const folder = lab.folder();
    const kinds: string[][] = [];
    for (const [i, text] of values.entries()) {
      const file = path.join(folder, `values-${i}.yaml`);
      writeFileSync(file, text);
      const manifests = path.join(folder, `manifests-${i}.yaml`);
      writeFileSync(manifests, await say("deploycheck", "chart", "-values", file, chart));
      kinds.push((await say("deploycheck", "kubernetes", manifests)).trim().split("\n").toSorted());
    }
    const always = [
      "apps/v1 StatefulSet",
      "networking.k8s.io/v1 NetworkPolicy",
      "policy/v1 PodDisruptionBudget",
      "v1 Service",
      "v1 ServiceAccount",
    ];
    const more = [
      "monitoring.coreos.com/v1 ServiceMonitor",
      "networking.k8s.io/v1 Ingress",
      "v1 ConfigMap",
    ];
    expect(kinds).toEqual([always, [...always, ...more].toSorted()]);
    // Contradictions are told before anything is changed.
    const refused: [set: string, why: string][] = [
      ["replicas=2", "more than one needs a database and a bucket"],
      ["persistence.enabled=false", "without a volume the database would go with the pod"],
      [
        "secrets.databaseUrl.name=x,secrets.databaseUrl.key=y",
        "secrets.secretKey: a server with a database does not start without it",
      ],
      [
        "secrets.databaseUrl.name=x,secrets.databaseUrl.key=y,secrets.secretKey.name=x,secrets.secretKey.key=z",
        "networkPolicy.egress: nothing leads to the database",
      ],
      ["serviceMonitor.enabled=true", "needs the token of secrets.metricsToken"],
      ["settings.admin_token=x", "admin_token"],
      ["secrets.adminToken.name=x", "'key' required"],
      ["nonsense=1", "'nonsense' not allowed"],
    ];
    for (const [set, why] of refused) {
      const outcome = await run(["deploycheck", "chart", "-set", set, chart], environment("/"));
      expect([outcome.code, outcome.output]).toEqual([1, expect.stringContaining(why)]);
    }
  },
);

await e2e(
  "the compose files are ones that compose takes",
  { needs: [tool("deploycheck")] },
  async () => {
    const file = (name: string) => path.join(deploy, `compose/${name}.yaml`);
    expect(await say("deploycheck", "compose", file("embedded"))).toBe("weir\n");
    const needed = [
      "POSTGRES_PASSWORD",
      "WEIR_SECRET_KEY",
      "WEIR_BLOBS_URL",
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
    ];
    const set = Object.fromEntries(needed.map((name) => [name, "x"]));
    const whole = await output(
      ["deploycheck", "compose", file("postgres-s3")],
      environment("/", set),
    );
    expect(whole.trim().split("\n").toSorted()).toEqual(["postgres", "weir"]);
    for (const name of needed) {
      const { code, output: text } = await run(
        ["deploycheck", "compose", file("postgres-s3")],
        environment("/", { ...set, [name]: "" }),
      );
      expect([code, text]).toEqual([1, expect.stringContaining(name)]);
    }
  },
);
