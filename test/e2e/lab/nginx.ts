import { writeFileSync } from "node:fs";
import path from "node:path";
import { accepts, environment, freePort, Service } from "./processes.ts";
import { tool } from "./tools.ts";

export const nginx = tool("nginx");

/** nginx in front of `target` with nothing but its own defaults: `proxy_pass` speaks HTTP/1.0. */
export class NginxFront {
  readonly port = freePort();
  readonly url = `http://127.0.0.1:${this.port}`;
  readonly #folder: string;
  #service: Service | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(target: string): Promise<void> {
    const { port } = this;
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path nginx-${name};`,
    );
    const config = `daemon off; worker_processes 1; pid nginx.pid; error_log stderr;
      ${process.getuid?.() === 0 ? "user root;" : ""}
      events {}
      http { access_log off; ${temporary.join(" ")}
        server { listen 127.0.0.1:${port}; location / { proxy_pass ${target}; } } }`;
    const file = path.join(this.#folder, "nginx.conf");
    writeFileSync(file, config);
    const command = ["nginx", "-p", this.#folder, "-e", "stderr", "-c", file];
    this.#service = Service.start("nginx", this.#folder, command, environment(this.#folder));
    await this.#service.ready(() => accepts(port));
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }
}
