import path from "node:path";
import { expect } from "bun:test";
import type { Image } from "./images.ts";
import { environment, type Outcome, run } from "./processes.ts";
import { sha256OfFile } from "./registry.ts";
import { tool } from "./tools.ts";
import type { Weir } from "./weir.ts";

export const curl = tool("curl");

/** A plain download of the first layer of an image, to watch what a whole pull would hide. */
export class LayerDownload {
  readonly file: string;

  private constructor(
    folder: string,
    readonly digest: string,
    readonly size: number,
    private readonly url: string,
    private readonly bearer: string,
  ) {
    this.file = path.join(folder, "layer");
  }

  /** Gets the manifest, since a blob is given to those who were shown what names it; downloads nothing yet. */
  static async prepare(folder: string, weir: Weir, image: Image): Promise<LayerDownload> {
    const layer = image.platforms[0]?.layers[0];
    if (!layer) throw new Error("the image has no layer");
    expect(await (await weir.manifest(image)).text()).toContain(layer.digest);
    const bearer = await weir.bearer(image);
    const url = `${weir.apiUrl(image)}/blobs/${layer.digest}`;
    return new LayerDownload(folder, layer.digest, layer.size, url, bearer);
  }

  /** Fails on every status that is not a success. `limit` is in bytes a second. */
  run(limit?: number): Promise<Outcome> {
    const options = ["--silent", "--show-error", "--fail", "--output", this.file];
    const pace = limit === undefined ? [] : ["--limit-rate", String(limit)];
    const authorization = ["--header", `Authorization: Bearer ${this.bearer}`];
    return run(["curl", ...options, ...pace, ...authorization, this.url], environment("/"));
  }

  /** How many bytes have arrived. */
  get arrived(): number {
    return Bun.file(this.file).size;
  }

  /** Throws unless the download ended well with the bytes of the digest. */
  async verify({ code, output }: Outcome): Promise<void> {
    expect({ code, output }).toEqual({ code: 0, output: "" });
    expect(`sha256:${await sha256OfFile(this.file)}`).toBe(this.digest);
  }
}
