import { api, ask, askPage } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { askAll, mostAtOnce } from "../../api/pages.ts";
import type { Level } from "../../api/roles.ts";
import type { components } from "../../api/schema.ts";
import type { DeployScope, Scope } from "./scopes.ts";

type Schemas = components["schemas"];

export const kinds = [
  { id: "personal", label: "Personal" },
  { id: "group", label: "Group access" },
  { id: "deploy", label: "Deploy" },
] as const;
export type Kind = (typeof kinds)[number]["id"];

/** Whose tokens are looked at. */
export type Owner =
  /** `isSelf`: one's own; otherwise an administrator looks. */
  | { kind: "personal"; userId: number; username: string; isSelf: boolean }
  | { kind: "group" | "deploy"; group: Group };

/** A token of any kind. */
export interface Token {
  id: number;
  name: string;
  scopes: string[];
  state: "active" | "expired" | "revoked";
  expiresAt: string | null;
  lastUsedAt: string | null;
  createdAt: string | null;
  /** With which clients log in. */
  username: string;
  level: number | null;
}

/** A token that has just been made. */
export interface MadeToken extends Token {
  secret: string;
}

export const keyOf = (owner: Owner): readonly unknown[] => [
  "tokens",
  owner.kind,
  owner.kind === "personal" ? owner.userId : owner.group.id,
];

/** All of them, the newest first. */
export async function list(owner: Owner, signal: AbortSignal): Promise<Token[]> {
  const { items } = await askAll(async (page) => listPage(owner, page, signal));
  return items.sort((a, b) => b.id - a.id);
}

async function listPage(owner: Owner, page: number, signal: AbortSignal) {
  const query = { page, per_page: mostAtOnce };
  if (owner.kind === "personal") {
    const { userId: user_id } = owner;
    const got = await askPage(
      api.GET("/api/v4/personal_access_tokens", {
        params: { query: { ...query, user_id } },
        signal,
      }),
    );
    return { ...got, items: got.items.map((token) => accessToken(token, owner.username)) };
  }
  const params = { path: { id: String(owner.group.id) }, query };
  if (owner.kind === "group") {
    const got = await askPage(api.GET("/api/v4/groups/{id}/access_tokens", { params, signal }));
    return { ...got, items: got.items.map((token) => accessToken(token, botName)) };
  }
  const got = await askPage(api.GET("/api/v4/groups/{id}/deploy_tokens", { params, signal }));
  return { ...got, items: got.items.map(deployToken) };
}

export interface NewToken {
  name: string;
  scopes: Scope[];
  /** A day; "" where nothing is said. */
  expiresAt: string;
  level: Level;
  /** Of a deploy token; "": one is made. */
  username: string;
}

export async function create(owner: Owner, given: NewToken): Promise<MadeToken> {
  const { name, scopes, level } = given;
  const end = given.expiresAt !== "" && { expires_at: given.expiresAt };
  const body = { name, scopes, ...end };
  if (owner.kind === "personal") {
    const { userId: id, isSelf, username } = owner;
    const made = isSelf
      ? await ask(api.POST("/api/v4/personal_access_tokens", { body }))
      : await ask(
          api.POST("/api/v4/users/{id}/personal_access_tokens", { params: { path: { id } }, body }),
        );
    return { ...accessToken(made, username), secret: made.token };
  }
  const params = { path: { id: String(owner.group.id) } };
  if (owner.kind === "group") {
    const made = await ask(
      api.POST("/api/v4/groups/{id}/access_tokens", {
        params,
        body: { ...body, access_level: level },
      }),
    );
    return { ...accessToken(made, botName), secret: made.token };
  }
  const made = await ask(
    api.POST("/api/v4/groups/{id}/deploy_tokens", {
      params,
      body: {
        ...body,
        scopes: scopes as DeployScope[],
        ...(given.username && { username: given.username }),
      },
    }),
  );
  return { ...deployToken(made), secret: made.token };
}

export async function rotate(owner: Owner, { id }: Token, end: string): Promise<MadeToken> {
  const body = end ? { expires_at: end } : {};
  if (owner.kind === "personal") {
    const made = await ask(
      api.POST("/api/v4/personal_access_tokens/{id}/rotate", { params: { path: { id } }, body }),
    );
    return { ...accessToken(made, owner.username), secret: made.token };
  }
  const params = { path: { id: String(owner.group.id), token_id: id } };
  if (owner.kind === "deploy") {
    const path = "/api/v4/groups/{id}/deploy_tokens/{token_id}/rotate";
    const made = await ask(api.POST(path, { params, body }));
    return { ...deployToken(made), secret: made.token };
  }
  const made = await ask(
    api.POST("/api/v4/groups/{id}/access_tokens/{token_id}/rotate", { params, body }),
  );
  return { ...accessToken(made, botName), secret: made.token };
}

export async function revoke(owner: Owner, { id }: Token): Promise<void> {
  if (owner.kind === "personal") {
    await ask(api.DELETE("/api/v4/personal_access_tokens/{id}", { params: { path: { id } } }));
    return;
  }
  const params = { path: { id: String(owner.group.id), token_id: id } };
  if (owner.kind === "group") {
    await ask(api.DELETE("/api/v4/groups/{id}/access_tokens/{token_id}", { params }));
  } else {
    await ask(api.DELETE("/api/v4/groups/{id}/deploy_tokens/{token_id}", { params }));
  }
}

/** Any name does with an access token: what it stands for is known by the token. */
const botName = "token";

type AccessToken = Schemas["PersonalAccessToken"] & { access_level?: number | null };

function accessToken(token: AccessToken, username: string): Token {
  const { id, name, scopes, revoked, active } = token;
  return {
    id,
    name,
    scopes,
    username,
    state: active ? "active" : revoked ? "revoked" : "expired",
    expiresAt: token.expires_at,
    lastUsedAt: token.last_used_at,
    createdAt: token.created_at,
    level: token.access_level ?? null,
  };
}

function deployToken(token: Schemas["DeployToken"]): Token {
  const { id, name, scopes, username, revoked, expired } = token;
  return {
    id,
    name,
    scopes,
    username,
    state: revoked ? "revoked" : expired ? "expired" : "active",
    expiresAt: token.expires_at,
    lastUsedAt: token.last_used_at,
    createdAt: null,
    level: null,
  };
}
