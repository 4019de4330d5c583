import type { Puller } from "../contract.ts";
import type { CacheEvent } from "../../metadata/contract.ts";
import type { Images } from "./contract.ts";
import { exportArchive } from "./export.ts";
import { importArchive } from "./import.ts";
import type { ShelfOptions } from "./shelf.ts";

export function createImages(
  options: ShelfOptions & { puller: Puller; told: (event: CacheEvent) => void },
): Images {
  return {
    import: (upstream, archive, wanted) => importArchive(upstream, archive, wanted, options),
    export: (registry, images, wanted) => exportArchive(options.puller, registry, images, wanted),
  };
}
