import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { crane, oras, regctl, skopeo, succeed } from "./lab/clients/index.ts";
import type { LayoutClient } from "./lab/clients/layouts.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { ociServer } from "./lab/oci-server.ts";
import { environment, run } from "./lab/processes.ts";

const prefix = "virtual_registries/container/1";
const lines = (text: string) => text.trim().split("\n");

const tagLists = [
  { kind: crane, words: ["ls"] },
  { kind: regctl, words: ["tag", "ls"] },
  { kind: oras, words: ["repo", "tags", "--plain-http"] },
];
for (const { kind, words } of tagLists) {
  await e2e(
    `${kind.name} lists tags, and again with the upstream stopped`,
    { needs: [kind] },
    async (lab) => {
      const registry = await lab.registry();
      const weir = await lab.weir({ upstream: registry.url });
      const client = await lab.client(kind);
      succeed(await client.login(weir.host, "admin", weir.token));
      const list = async () => {
        const outcome = await client.command(...words, `${weir.host}/${prefix}/library/hello`);
        succeed(outcome);
        return lines(outcome.stdout);
      };
      expect(await list()).toEqual(["latest", "schema2"]);
      await registry.stop();
      expect(await list()).toEqual(["latest", "schema2"]);
    },
  );
}

await e2e(
  "skopeo inspects an image and lists its tags, and again with the upstream stopped",
  { needs: [skopeo] },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const { byTag } = weir.names(lab.images.hello);
    const repository = byTag.slice(0, byTag.lastIndexOf(":"));
    const ask = async (command: string, name: string) => {
      const login = ["--tls-verify=false", "--creds", `admin:${weir.token}`];
      const outcome = await run(
        ["skopeo", command, ...login, `docker://${name}`],
        environment("/"),
      );
      expect(outcome).toMatchObject({ code: 0 });
      return JSON.parse(outcome.stdout) as { Tags?: string[]; RepoTags?: string[] };
    };
    for (const stop of [true, false]) {
      expect((await ask("inspect", byTag)).RepoTags).toEqual(["latest", "schema2"]);
      expect((await ask("list-tags", repository)).Tags).toEqual(["latest", "schema2"]);
      if (stop) await registry.stop();
    }
  },
);

const note = "application/vnd.example.note";
const seal = "application/vnd.example.seal";

/** An upstream that takes pushes, with an image to which oras has attached a note and a seal. */
async function attach(lab: Lab, upstream: { host: string }): Promise<void> {
  const { host } = await lab.registry();
  const copier = await lab.client(crane);
  const attacher = await lab.client(oras);
  const target = `${upstream.host}/library/hello:latest`;
  succeed(await copier.command("copy", `${host}/library/hello:latest`, target));
  const file = path.join(lab.folder(), "text");
  for (const type of [note, seal]) {
    writeFileSync(file, `the text of ${type}`);
    const options = ["--plain-http", "--disable-path-validation", "--artifact-type", type];
    succeed(await attacher.command("attach", ...options, target, `${file}:text/plain`));
  }
}

/** How each lists the types of what refers to an image, in order; all, or of one type. */
const discover = {
  oras: async (client: LayoutClient, image: string, type?: string) => {
    const filter = type === undefined ? [] : ["--artifact-type", type];
    const words = ["discover", "--plain-http", "--format", "json", ...filter, image];
    const outcome = await client.command(...words);
    succeed(outcome);
    const { referrers } = JSON.parse(outcome.stdout) as { referrers: { artifactType: string }[] };
    return referrers.map(({ artifactType }) => artifactType).toSorted();
  },
  regctl: async (client: LayoutClient, image: string, type?: string) => {
    const filter = type === undefined ? [] : ["--filter-artifact-type", type];
    const format = "{{range .Descriptors}}{{println .ArtifactType}}{{end}}";
    const outcome = await client.command("artifact", "list", ...filter, "--format", format, image);
    succeed(outcome);
    return lines(outcome.stdout).toSorted();
  },
};

const upstreams = {
  "without the referrers API": (lab: Lab) =>
    lab.registry({ storage: lab.folder(), writable: true }),
  "with the referrers API": (lab: Lab) => lab.ociServer(),
};
for (const [what, start] of Object.entries(upstreams)) {
  await e2e(
    `oras and regctl discover what refers to an image, and again with the upstream stopped: upstream ${what}`,
    { needs: [crane, oras, regctl, ociServer] },
    async (lab) => {
      const upstream = await start(lab);
      await attach(lab, upstream);
      const weir = await lab.weir({ upstream: upstream.url });
      const image = `${weir.host}/${prefix}/library/hello:latest`;
      const clients = { oras: await lab.client(oras), regctl: await lab.client(regctl) };
      for (const client of Object.values(clients)) {
        succeed(await client.login(weir.host, "admin", weir.token));
      }
      const askBoth = async () => {
        for (const program of ["oras", "regctl"] as const) {
          const ask = (type?: string) => discover[program](clients[program], image, type);
          expect(await ask()).toEqual([note, seal]);
          expect(await ask(seal)).toEqual([seal]);
        }
      };
      await askBoth();
      await upstream.stop();
      await askBoth();
    },
  );
}
