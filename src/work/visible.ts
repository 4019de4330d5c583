import type { DeclaredDependencyProxy, DeclaredGroup, DeclaredUser } from "./contract.ts";
import { redacted } from "./settings.ts";

/** What is declared, as a file would say it and without secrets. */
export function visibleGroup(group: DeclaredGroup) {
  const { path, name, dependencyProxy, cleanupPolicy, virtualRegistries, cacheMaxBytes } = group;
  return {
    path,
    name,
    ...(dependencyProxy && { dependency_proxy: visibleProxy(dependencyProxy) }),
    ...(virtualRegistries && { virtual_registries: virtualRegistries }),
    ...(cacheMaxBytes !== undefined && { cache_max_bytes: cacheMaxBytes }),
    ...(cleanupPolicy && {
      cleanup_policy: {
        enabled: cleanupPolicy.enabled,
        keep_n_days_after_download: cleanupPolicy.keepDays,
        cadence: cleanupPolicy.cadence,
        notify_on_success: cleanupPolicy.notifyOnSuccess,
        notify_on_failure: cleanupPolicy.notifyOnFailure,
      },
    }),
  };
}

const visibleProxy = ({ enabled, identity, ttlDays }: DeclaredDependencyProxy) => ({
  enabled,
  ...(identity !== undefined && { identity, secret: redacted }),
  ...(ttlDays !== undefined && { ttl_days: ttlDays }),
});

export function visibleUser({ username, admin, state, memberships, tokens }: DeclaredUser) {
  return {
    username,
    admin,
    ...(state && { state }),
    memberships: memberships.map(({ group, role, expiresAt }) => ({
      group,
      role,
      ...(expiresAt !== undefined && { expires_at: dayText(expiresAt) }),
    })),
    tokens: tokens.map(({ name, scopes, expiresAt }) => ({
      name,
      token: redacted,
      scopes,
      ...(expiresAt !== undefined && { expires_at: new Date(expiresAt).toISOString() }),
    })),
  };
}

/** The day that begins then. */
export const dayText = (time: number) => new Date(time).toISOString().slice(0, 10);
