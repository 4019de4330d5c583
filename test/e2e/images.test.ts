import { expect } from "bun:test";
import path from "node:path";
import { podman, skopeo, succeed } from "./lab/clients/index.ts";
import type { Image } from "./lab/images.ts";
import { e2e } from "./lab/lab.ts";
import { environment, run } from "./lab/processes.ts";
import { verifyCopy } from "./lab/clients/skopeo.ts";

const configurationOf = ({ platforms }: Image) => platforms[0]?.config.digest ?? "";

/** What the field's own tool writes. `docker-archive` is `docker save`'s old form, its layers unpacked. */
for (const [form, name] of [
  ["docker-archive", "medium"],
  ["oci-archive", "herd"],
] as const) {
  const title = `what skopeo writes as ${form} is imported, and pulled without an upstream`;
  await e2e(title, { needs: [skopeo, podman] }, async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const folder = lab.folder();
    const env = environment(folder, {});
    const image = lab.images[name];
    const archive = path.join(folder, "image.tar");
    const from = `docker://${registry.host}/${image.repository}:${image.tag}`;
    const to = `${form}:${archive}:docker.io/library/brought:1`;
    succeed(await run(["skopeo", "copy", "--src-tls-verify=false", from, to], env));
    await registry.stop();
    const options = ["--upstream", "1", ...(form === "oci-archive" ? ["--json"] : [])];
    succeed(await weir.command(["import", archive, ...options]));
    const byTag = `${weir.host}/virtual_registries/container/1/library/brought:1`;
    for (const kind of [skopeo, podman]) {
      const client = await lab.client(kind);
      succeed(await client.login(weir.host, "admin", weir.token));
      succeed(await client.pull(byTag));
      expect(await client.stored(byTag)).toBe(configurationOf(image));
    }
  });
}

for (const [format, transport, which] of [
  ["oci", "oci-archive", "medium"],
  ["docker", "docker-archive", "herd"],
] as const) {
  const title = `what is exported as ${format} is read by skopeo as ${transport}`;
  await e2e(title, { needs: [skopeo] }, async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const folder = lab.folder();
    const archive = path.join(folder, "out.tar");
    const image = lab.images[which];
    const name = `${image.repository}:${image.tag}`;
    const words = ["export-images", "1", name, "--output", archive, "--format", format];
    succeed(await weir.command(words));
    const copy = path.join(folder, "copy");
    const reference = format === "oci" ? name : weir.names(image).byTag;
    const env = environment(folder, {});
    succeed(
      await run(["skopeo", "copy", `${transport}:${archive}:${reference}`, `dir:${copy}`], env),
    );
    expect(await verifyCopy(copy)).toBe(configurationOf(image));
  });
}
