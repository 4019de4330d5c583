import { writeFileSync } from "node:fs";
import path from "node:path";
import { environment, run } from "../../test/e2e/lab/processes.ts";
import { standInToken, type Kind, type Site } from "./contract.ts";

/** nginx with proxy_cache: knows nothing of registries and checks nobody's rights. */
export async function nginx(): Promise<Kind> {
  const { output } = await run(["nginx", "-v"], environment("/"));
  return {
    version: `nginx ${output.trim().split("/").at(-1)}, proxy_cache`,
    prefix: "",
    launchers: 0,
    command: (site) => {
      const file = path.join(site.home, "nginx.conf");
      writeFileSync(file, configuration(site));
      return ["nginx", "-e", "stderr", "-p", site.home, "-c", file];
    },
    settings: () => ({}),
    token: () => Promise.resolve(standInToken),
  };
}

const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** As a person who knows nginx would set it up: one download at a time of each object, tags fresh for a day. */
function configuration({ port, upstreamUrl }: Site): string {
  return `daemon off; worker_processes auto; worker_rlimit_nofile 8192;
${process.getuid?.() === 0 ? "user root;" : ""}
pid nginx.pid; error_log stderr error;
events { worker_connections 2048; }
http {
  ${scratch.map((name) => `${name}_temp_path scratch-${name};`).join("\n  ")}
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000;
  open_file_cache max=1000;
  proxy_cache_path cache levels=1:2 keys_zone=images:8m inactive=1d max_size=20g use_temp_path=off;
  upstream origin { server ${new URL(upstreamUrl).host}; keepalive 32; }
  server {
    listen 127.0.0.1:${port} reuseport;
    location /v2/ {
      proxy_pass http://origin; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Authorization "";
      proxy_cache images; proxy_cache_key "$uri $http_accept"; proxy_cache_valid 200 1d;
      proxy_cache_lock on; proxy_cache_lock_age 5m; proxy_cache_lock_timeout 5m;
      proxy_buffers 16 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 128k;
    }
  }
}
`;
}
