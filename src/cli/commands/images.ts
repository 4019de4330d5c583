import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { failureCode } from "../../lib/log.ts";
import { ArchiveSource } from "../archive-source.ts";
import { type Command, exit, Failure, jsonOption, UsageError, type World } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { hinted } from "../refused.ts";
import { container, findRegistry, findUpstream } from "../find.ts";
import { sizeText } from "../output.ts";
import { shapes } from "../shapes.ts";

export const importCommand: Command = {
  name: "import",
  summary:
    "Bring images from an archive into the cache of an upstream, as if they had been pulled from it.",
  details:
    "Takes an OCI layout, as a folder or tar, and what docker save writes; tars may be compressed with gzip or zstd. Who imports vouches that " +
    "the upstream's images are these: they are served like pulled ones, and their tags are fresh from now on.",
  arguments: [{ name: "file", summary: "the archive, or the folder of an OCI layout" }],
  options: {
    upstream: { value: "UPSTREAM", summary: "id, name, or group/name; needed" },
    repository: {
      value: "NAME",
      summary: "what the images are called there; else as the archive says",
    },
    tag: { value: "TAG", summary: "for an archive with one image; else as the archive says" },
    ...jsonOption,
    ...connectionOptions,
  },
  examples: [
    "weir import alpine.tar --upstream docker-hub",
    "weir import layout/ --upstream 3 --repository library/alpine --tag 3.20",
  ],
  async run(world, given) {
    const file = given.argument("file");
    const upstream = given.text("upstream");
    if (upstream === undefined)
      throw new UsageError("import needs --upstream: whose images these are");
    if (!existsSync(file)) throw new Failure(`${file} is not there`);
    const api = await connect(world, given);
    const id = await findUpstream(api, upstream);
    const query = { repository: given.text("repository"), tag: given.text("tag") };
    const source = new ArchiveSource(file, (sent) => world.io.status(`${sizeText(sent)} sent`));
    const route = `${container}/upstreams/${id}/import`;
    const imported = await hinted(
      /^repository is missing/,
      "say by --repository what they are called",
      () => source.sent((stream) => api.upload(shapes.imported, route, query, stream)),
    );
    world.io.status("");
    if (given.has("json")) world.io.out(JSON.stringify(imported, null, 2));
    else {
      for (const { repository, tag, digest } of imported.images) {
        world.io.out(`${repository}${tag === null ? "" : `:${tag}`}@${digest}`);
      }
      world.io.out(`${imported.blobs} blobs, ${sizeText(imported.bytes)}`);
    }
    if (imported.absent > 0) {
      world.io.err(
        `weir: ${imported.absent} objects are named and not in the archive: the upstream is asked for them`,
      );
    }
    return exit.ok;
  },
};

export const exportImages: Command = {
  name: "export-images",
  summary: "Write images to an archive, as they would be pulled through a registry.",
  arguments: [
    { name: "registry", summary: "id, name, or group/name" },
    { name: "images", summary: "repository:tag or repository@digest, with commas between them" },
  ],
  options: {
    output: { value: "FILE", summary: "the archive to write; needed" },
    format: {
      value: "FORMAT",
      summary: "oci where nothing is said; docker for docker load",
      choices: ["oci", "docker"],
    },
    platform: {
      value: "PLATFORM",
      summary:
        "os/architecture, of an index; else all there are, or linux/amd64 for docker; an image that is of one platform alone is written as it is",
    },
    ...connectionOptions,
  },
  examples: [
    "weir export-images 1 library/alpine:3.20 --output alpine.tar",
    "weir export-images 1 library/alpine:3.20,library/busybox:1 --output images.tar --format docker",
  ],
  async run(world, given) {
    const output = given.text("output");
    if (output === undefined)
      throw new UsageError("export-images needs --output: the file to write");
    if (existsSync(output)) throw new Failure(`${output} is there already: give another name`);
    const api = await connect(world, given);
    const id = await findRegistry(api, given.argument("registry"));
    const bytes = await write(world, output, () =>
      api.download(`${container}/registries/${id}/export`, {
        images: given.argument("images").split(","),
        format: given.text("format"),
        platform: given.text("platform"),
      }),
    );
    world.io.out(`${output}: ${sizeText(bytes)}`);
    return exit.ok;
  },
};

/** There whole, or not at all; nothing is asked for that could not be kept. */
async function write(
  world: World,
  output: string,
  download: () => Promise<ReadableStream<Uint8Array>>,
): Promise<number> {
  const part = `${output}.part`;
  const fd = writing(output, () => openSync(part, "w", 0o600));
  let bytes = 0;
  try {
    const file = await download();
    for await (const piece of whole(file)) {
      writing(output, () => {
        for (let done = 0; done < piece.length;) done += writeSync(fd, piece, done);
      });
      world.io.status(sizeText((bytes += piece.length)));
    }
    writing(output, () => renameSync(part, output));
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    closeSync(fd);
    world.io.status("");
  }
  return bytes;
}

/** Throws a `Failure` where the server ends a file before its end. */
async function* whole(file: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = file.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    const text = "the server has cut the export: its log says why";
    throw new Failure(text, exit.failed, { cause: error });
  } finally {
    await reader.cancel().catch(() => {}); // of one that has ended or failed already
  }
}

/** Throws a `Failure` that names the file where it cannot be written. */
function writing<T>(output: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const text = `${output} cannot be written (${failureCode(error)}): is its folder there, with room and for this user to write to?`;
    throw new Failure(text, exit.failed, { cause: error });
  }
}
