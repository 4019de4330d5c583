import { accepts, environment, freePort, Service } from "./processes.ts";
import { tool } from "./tools.ts";

/** A second registry that this project did not write: unlike docker-registry it has the referrers API. */
export const ociServer = tool("ociserver");

/** An empty registry in the memory of its process, which takes pushes; what it holds ends with it. */
export class OciServer {
  readonly port = freePort();
  readonly host = `127.0.0.1:${this.port}`;
  readonly url = `http://${this.host}`;
  #service: Service | undefined;

  constructor(readonly folder: string) {}

  async start(): Promise<void> {
    const command = ["ociserver", this.host];
    this.#service = Service.start("ociserver", this.folder, command, environment(this.folder));
    await this.#service.ready(() => accepts(this.port));
  }

  async stop(): Promise<void> {
    await this.#service?.stop("SIGKILL");
    this.#service = undefined;
  }
}
