import type { RegistrySettings, Role, UpstreamSettings } from "../metadata/contract.ts";

/** What the configuration wants to be there. Nothing that it leaves out is removed. */
export interface Declaration {
  groups: { path: string; name: string }[];
  upstreams: ({ group: string } & UpstreamSettings)[];
  registries: ({ group: string } & RegistrySettings)[];
  users: DeclaredUser[];
}

export interface DeclaredUser {
  username: string;
  admin: boolean;
  memberships: { group: string; role: Role }[];
  tokens: { name: string; secret: string; scopes: string[]; expiresAt: number | undefined }[];
}
