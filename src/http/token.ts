import { type Context, Hono } from "hono";
import type { Access, BasicCredentials, Visitor } from "../access/contract.ts";
import { RegistryError } from "../oci/error.ts";
import { parseScope } from "../oci/scope.ts";
import type { Env } from "./exchange.ts";
import { jsonResponse } from "./respond.ts";
import { placeOfName } from "./v2/roads.ts";
import { visitorOf } from "./visitor.ts";

export interface TokenOptions {
  access: Access;
  isTrustedProxy: (address: string) => boolean;
}

/** A form with a user name, a secret and some scopes is far smaller. */
const maxFormBytes = 16 << 10;

/**
 * `/jwt/auth`, where clients trade an access token for a pull token: GET with Basic credentials (Docker token
 * specification) or POST of a password grant (Docker OAuth2 token specification). No refresh tokens.
 */
export function tokenRoutes(options: TokenOptions): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get("/jwt/auth", async (c) => {
    const query = new URL(c.req.url).searchParams;
    const credentials = parseBasic(c.req.header("authorization"));
    return answer(c, options, query, credentials);
  });
  routes.post("/jwt/auth", async (c) => {
    const form = await readForm(c.req.raw);
    const grantType = form.get("grant_type");
    // How docker says it where a login at Docker Hub gave it an identity token: worth to us what a password there is.
    if (grantType === "refresh_token" && soughtAs(form.getAll("scope")) === "mirror") {
      return answer(c, options, form, undefined);
    }
    if (grantType !== "password") {
      throw new RegistryError(
        "bad_request",
        "grant_type must be password; no refresh tokens are issued",
      );
    }
    const credentials = {
      username: form.get("username") ?? "",
      password: form.get("password") ?? "",
    };
    if (hasControls(credentials.username + credentials.password)) {
      throw new RegistryError(
        "unauthorized",
        "user names and passwords have no control characters",
        {
          headers: { "WWW-Authenticate": 'Basic realm="weir"' },
        },
      );
    }
    return answer(c, options, form, credentials);
  });
  return routes;
}

async function answer(
  c: Context<Env>,
  { access, isTrustedProxy }: TokenOptions,
  parameters: URLSearchParams,
  credentials: BasicCredentials | undefined,
): Promise<Response> {
  const services = parameters.getAll("service");
  if (services.length !== 1 || services[0] !== access.service) {
    throw new RegistryError("bad_request", "the parameter service must name this server", {
      detail: {
        service: access.service,
        fix: "WEIR_EXTERNAL_URL must be the address that clients use",
      },
    });
  }
  const scopes = parameters.getAll("scope");
  const { exchange } = c.var;
  const arrival = { request: c.req.raw, server: c.env.server, exchange, isTrustedProxy };
  const token = await access.issue(credentials, scopes, visitorOf(soughtAs(scopes), arrival));
  return jsonResponse(exchange, 200, token);
}

/** `mirror` where all that is asked for are names of images that are none of ours, and there is one. */
function soughtAs(scopes: readonly string[]): Visitor["as"] {
  const asked = scopes.flatMap((value) => value.split(" ")).filter(Boolean);
  const isMirrors = asked.map(parseScope).every((scope) => {
    return scope?.type === "repository" && placeOfName(scope.name)?.road === "mirror";
  });
  return asked.length > 0 && isMirrors ? "mirror" : "registry";
}

/** The credentials of an `Authorization: Basic` header (RFC 7617); undefined where there is none. */
export function parseBasic(header: string | undefined): BasicCredentials | undefined {
  if (header === undefined) return undefined;
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(header)?.[1];
  const text = encoded && Buffer.from(encoded, "base64").toString("utf8");
  const colon = text ? text.indexOf(":") : -1;
  if (!text || colon === -1 || hasControls(text)) {
    throw new RegistryError("unauthorized", "the Authorization header is not Basic credentials", {
      headers: { "WWW-Authenticate": 'Basic realm="weir"' },
    });
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** A name or password with control characters is none (RFC 7617, section 2). */
const hasControls = (text: string) => /\p{Cc}/u.test(text);

const onlyOnce = ["grant_type", "username", "password"];

async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  if (!type.toLowerCase().startsWith("application/x-www-form-urlencoded")) {
    throw new RegistryError("bad_request", "the body must be application/x-www-form-urlencoded");
  }
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (!(length <= maxFormBytes)) {
    throw new RegistryError(
      "too_large",
      `the body must have a length of at most ${maxFormBytes} bytes`,
    );
  }
  const form = new URLSearchParams(await request.text());
  // Two readers would take two different ones.
  if (onlyOnce.some((name) => form.getAll(name).length > 1)) {
    throw new RegistryError("bad_request", "a parameter must not be given more than once");
  }
  return form;
}
