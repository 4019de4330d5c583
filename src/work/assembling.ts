import type { DeclaredGroup, Declaration } from "./contract.ts";
import type { ConfigFile } from "./declared.ts";
import { issuerOf } from "./oidc-issuers.ts";
import { defaultSettings } from "./presets.ts";

const proxyAt = (index: number) => `groups[${index}].dependency_proxy`;

function groupOf(group: ConfigFile["groups"][number], secret: string | undefined): DeclaredGroup {
  const {
    path,
    name = path,
    dependency_proxy: proxy,
    cleanup_policy: policy,
    virtual_registries: registries,
    cache_max_bytes: cacheMaxBytes,
  } = group;
  return {
    path,
    name,
    ...(proxy && {
      dependencyProxy: {
        enabled: proxy.enabled,
        identity: proxy.identity,
        secret,
        ttlDays: proxy.ttl_days,
      },
    }),
    ...(registries && { virtualRegistries: registries }),
    ...(cacheMaxBytes !== undefined && { cacheMaxBytes }),
    ...(policy && {
      cleanupPolicy: {
        enabled: policy.enabled,
        keepDays: policy.keep_n_days_after_download,
        cadence: policy.cadence,
        notifyOnSuccess: policy.notify_on_success,
        notifyOnFailure: policy.notify_on_failure,
      },
    }),
  };
}

/** What a file that is sound declares. `secrets`: by the place of each. */
export function assemble(file: ConfigFile, secrets: ReadonlyMap<string, string>): Declaration {
  return {
    groups: file.groups.map((group, index) =>
      groupOf(group, secrets.get(`${proxyAt(index)}.secret`)),
    ),
    upstreams: file.upstreams.map((upstream, index) => {
      const defaults = defaultSettings(upstream.url);
      return {
        group: upstream.group,
        name: upstream.name,
        url: upstream.url,
        description: upstream.description,
        username: upstream.username,
        password: secrets.get(`upstreams[${index}].password`),
        tokenRealm: upstream.token_realm,
        cacheValidityHours: upstream.cache_validity_hours ?? defaults.cacheValidityHours,
        deniedMeans: upstream.denied_means ?? defaults.deniedMeans,
        libraryPrefix: upstream.library_prefix ?? defaults.libraryPrefix,
        staleIfAbsentHours: upstream.stale_if_absent_hours ?? defaults.staleIfAbsentHours,
        staleWhileRevalidate: upstream.stale_while_revalidate ?? defaults.staleWhileRevalidate,
        ca: secrets.get(`upstreams[${index}].ca`),
        rules: upstream.rules,
        cacheMaxBytes: upstream.cache_max_bytes,
        verifiedGroup: upstream.verified_group,
      };
    }),
    registries: file.registries.map(({ on_unsure: onUnsure, ...registry }) => ({
      ...registry,
      id: registry.id,
      description: registry.description,
      onUnsure,
    })),
    users: file.users.map(({ tokens, state, memberships, ...user }, index) => ({
      ...user,
      ...(state && { state }),
      memberships: memberships.map(({ expires_at: expiresAt, ...membership }) => ({
        ...membership,
        ...(expiresAt !== undefined && { expiresAt }),
      })),
      tokens: tokens.map(({ name, scopes, expires_at: expiresAt }, number) => {
        const secret = secrets.get(`users[${index}].tokens[${number}].token`) ?? "";
        return { name, secret, scopes, expiresAt };
      }),
    })),
    oidcIssuers: file.oidc_issuers.map((issuer, index) =>
      issuerOf(issuer, secrets.get(`oidc_issuers[${index}].ca`)),
    ),
    webhooks: file.webhooks.map((webhook, index) => ({
      group: webhook.group,
      name: webhook.name,
      url: webhook.url,
      description: webhook.description,
      secret: secrets.get(`webhooks[${index}].secret`),
      ca: secrets.get(`webhooks[${index}].ca`),
      events: webhook.events,
      enabled: webhook.enabled,
    })),
    prefetches: file.prefetches.map(({ every_hours: everyHours, ...prefetch }) => ({
      ...prefetch,
      everyHours,
    })),
  };
}
