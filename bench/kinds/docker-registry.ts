import { writeFileSync } from "node:fs";
import path from "node:path";
import { environment, output } from "../../test/e2e/lab/processes.ts";
import { standInToken, type Kind, type Site } from "./contract.ts";

/** Debian's docker-registry as a pull-through cache. */
export async function dockerRegistry(): Promise<Kind> {
  const said = await output(["docker-registry", "--version"], environment("/"));
  return {
    version: `docker-registry ${said.trim().split(" ").at(-1)}, proxy mode`,
    prefix: "",
    launchers: 0,
    command: (site) => {
      const file = path.join(site.home, "config.json");
      // Its configuration is YAML, which reads JSON.
      writeFileSync(file, JSON.stringify(configuration(site)));
      return ["docker-registry", "serve", file];
    },
    settings: () => ({}),
    token: () => Promise.resolve(standInToken),
  };
}

function configuration({ port, home, upstreamUrl }: Site) {
  return {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: path.join(home, "data") },
      cache: { blobdescriptor: "inmemory" },
    },
    http: { addr: `127.0.0.1:${port}`, secret: "bench" },
    proxy: { remoteurl: upstreamUrl },
  };
}
