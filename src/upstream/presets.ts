/**
 * Token services of public registries that stand at another origin than the registry itself, by the registry's host.
 * Registries whose realm has their own origin (ghcr.io, quay.io, public.ecr.aws, gcr.io, registry.redhat.io …) need none.
 */
const partners: Record<string, string> = {
  "registry-1.docker.io": "https://auth.docker.io/token",
  "index.docker.io": "https://auth.docker.io/token",
  "registry.gitlab.com": "https://gitlab.com/jwt/auth",
  "docker.elastic.co": "https://docker-auth.elastic.co/auth",
};

/** The known token service of exactly this registry; undefined for others, and for the same host by another way. */
export function partnerRealm(registry: URL): string | undefined {
  if (registry.protocol !== "https:" || registry.port !== "") return undefined;
  return Object.hasOwn(partners, registry.hostname) ? partners[registry.hostname] : undefined;
}
