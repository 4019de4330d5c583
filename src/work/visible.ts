import type {
  DeclaredDependencyProxy,
  DeclaredGroup,
  DeclaredUser,
  Declaration,
} from "./contract.ts";
import { redacted } from "./settings.ts";
import type { SignInProvider } from "./sign-in.ts";

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

export const visibleUpstream = (upstream: Declaration["upstreams"][number]) => ({
  group: upstream.group,
  name: upstream.name,
  ...(upstream.description !== undefined && { description: upstream.description }),
  url: upstream.url,
  ...(upstream.username && { username: upstream.username, password: redacted }),
  ...(upstream.tokenRealm && { token_realm: upstream.tokenRealm }),
  cache_validity_hours: upstream.cacheValidityHours,
  denied_means: upstream.deniedMeans,
  library_prefix: upstream.libraryPrefix,
  stale_if_absent_hours: upstream.staleIfAbsentHours,
  stale_while_revalidate: upstream.staleWhileRevalidate,
  ...(upstream.cacheMaxBytes !== undefined && { cache_max_bytes: upstream.cacheMaxBytes }),
  ...(upstream.ca !== undefined && { ca: upstream.ca }),
  ...(upstream.rules.length > 0 && { rules: upstream.rules }),
  ...(upstream.verifiedGroup !== undefined && {
    access: "verified",
    verified_group: upstream.verifiedGroup,
  }),
});

export const visibleRegistry = ({
  onUnsure,
  description,
  ...registry
}: Declaration["registries"][number]) => ({
  ...registry,
  ...(description !== undefined && { description }),
  on_unsure: onUnsure,
});

export const visibleProvider = (provider: SignInProvider) => ({
  name: provider.name,
  title: provider.title,
  issuer: provider.issuer,
  client_id: provider.clientId,
  ...(provider.clientSecret !== undefined && { client_secret: redacted }),
  scopes: provider.scopes,
  username_claim: provider.usernameClaim,
  groups_claim: provider.groupsClaim,
  create_users: provider.createUsers,
  roles: provider.roles,
  ...(provider.ca !== undefined && { ca: provider.ca }),
});

/** The day that begins then. */
export const dayText = (time: number) => new Date(time).toISOString().slice(0, 10);
