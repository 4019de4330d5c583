import type { Config } from "../config.ts";
import type { Registry } from "../metadata/contract.ts";
import { adminName, type Prepared } from "../work/contract.ts";

/** What is printed once the server listens: at the first start, everything for a first pull. */
export function welcome(
  { listen, externalUrl }: Pick<Config, "listen" | "externalUrl">,
  { first, adminToken, registry }: Prepared,
): string {
  const hostname = listen.hostname.includes(":") ? `[${listen.hostname}]` : listen.hostname;
  const where = `Weir listens on ${hostname}:${listen.port}. Clients reach it at ${externalUrl}`;
  if (!first) return [where, ...elsewhere(listen.hostname, externalUrl)].join("\n");
  const parts = [where, ...elsewhere(listen.hostname, externalUrl), tokenText(adminToken)];
  parts.push(`Set up everything in a browser, signed in by that token: ${externalUrl}`);
  return [...parts, ...lines(new URL(externalUrl), registry)].join("\n\n");
}

/** Other machines would be sent to their own localhost to log in. */
function elsewhere(hostname: string, externalUrl: string): string[] {
  const isOpen = !isLoopback(hostname) && hostname !== "localhost";
  if (!isOpen || !isLoopback(new URL(externalUrl).hostname)) return [];
  return [
    "Clients on other machines cannot log in: set WEIR_EXTERNAL_URL to the address they use.",
  ];
}

function tokenText(adminToken: string | undefined): string {
  if (adminToken === undefined) return "The administrator's token is that of WEIR_ADMIN_TOKEN.";
  return `The administrator's token, shown only this once:\n\n  ${adminToken}`;
}

function lines(url: URL, registry: Registry | undefined): string[] {
  const plain = url.protocol === "http:";
  const image =
    registry && `${url.host}/virtual_registries/container/${registry.id}/${example(registry)}`;
  const tryIt = (login: string, pull: string) =>
    `  ${login} --username ${adminName} ${url.host}${image ? `\n  ${pull} ${image}` : ""}`;
  const podman = plain ? " --tls-verify=false" : "";
  return [
    "Or log a client in with it as the password, and pull:",
    tryIt("docker login", "docker pull"),
    "or",
    tryIt(`podman login${podman}`, `podman pull${podman}`),
    ...(plain && !isLoopback(url.hostname) ? [insecure(url.host)] : []),
  ];
}

/** An image that is there for sure, where one is known. */
function example({ upstreams }: Registry): string {
  const isDockerHub = upstreams.some(({ libraryPrefix }) => libraryPrefix);
  return isDockerHub ? "library/alpine:latest" : "REPOSITORY:TAG";
}

const isLoopback = (hostname: string) => /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname);

/** Docker speaks plain HTTP to loopback addresses alone. */
function insecure(host: string): string {
  return `Docker needs "insecure-registries": ["${host}"] in /etc/docker/daemon.json, as this is plain HTTP.`;
}
