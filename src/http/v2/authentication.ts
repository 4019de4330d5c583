import type { Access, Grant, Visitor } from "../../access/contract.ts";
import { bearerChallenge } from "../../oci/challenge.ts";
import { RegistryError } from "../../oci/error.ts";
import { isRepositoryName } from "../../oci/reference.ts";
import { pullScope } from "../../oci/scope.ts";
import { visitorOf } from "../visitor.ts";
import type { V2Asked } from "./asked.ts";
import { hasNamespace } from "./namespace.ts";
import type { V2Path } from "./path.ts";
import { placeOfName } from "./roads.ts";

/**
 * Throws a challenge unless there is a grant. The ping, which has no target, always asks: clients learn from it how to log
 * in, but where a certificate has said all.
 */
export async function authenticate(
  asked: V2Asked,
  isPing: boolean,
  target: V2Path | undefined,
): Promise<Grant> {
  const { request, exchange, options } = asked;
  const authorization = request.headers.get("authorization") ?? undefined;
  const visitor = () => visitorFor(asked, isPing, target);
  const grant = await options.access.verify(authorization, visitor);
  const isAsked = isPing && !exchange.certified;
  if (!grant || (isAsked && grant.repositories === undefined)) {
    throw challenge(options.access, target?.name);
  }
  exchange.actor = grant.actor.name;
  return grant;
}

/** How to come by a token that opens this name. */
export function challenge({ realm, service }: Access, name: string | undefined): RegistryError {
  const scope = name !== undefined && isRepositoryName(name) ? pullScope(name) : undefined;
  return new RegistryError("unauthorized", "a pull token is needed; log in and try again", {
    headers: { "WWW-Authenticate": bearerChallenge(realm, service, scope) },
  });
}

function visitorFor(
  { request, server, exchange, options }: V2Asked,
  isPing: boolean,
  target: V2Path | undefined,
): Visitor {
  const { mirrorRegistry, isTrustedProxy } = options;
  const as = isPing ? "either" : soughtAs(request, target, mirrorRegistry);
  return visitorOf(as, { request, server, exchange, isTrustedProxy });
}

/** With `ns`, a name of the mirror registry asks for what a mirror gives. */
function soughtAs(
  request: Request,
  target: V2Path | undefined,
  mirrorRegistry: number,
): Visitor["as"] {
  const place = target && placeOfName(target.name);
  if (place?.road === "mirror") return "mirror";
  const isMirrored = place?.road === "registry" && place.registryId === mirrorRegistry;
  return isMirrored && hasNamespace(request.url) ? "either" : "registry";
}
