import { tagged } from "../conditions.ts";
import { type Api, endpoint } from "../endpoint.ts";
import { notFound } from "../errors.ts";
import { idParams } from "../fields.ts";
import type { ApiOptions } from "../options.ts";
import { requireEndless } from "../identity/expiry.ts";
import { identities, identity, identityParams, identitySubject } from "./fields.ts";

/** Who users are at identity providers. For administrators. */
export function linkEndpoints(api: Api, { people }: ApiOptions): void {
  const issuerOf = (name: string) => {
    const provider = people.providers.providers.find((one) => one.name === name);
    if (!provider) throw notFound("Identity Provider");
    return provider.issuer;
  };
  endpoint(
    api,
    {
      method: "get",
      path: "/users/{id}/identities",
      summary: "Who a user is at identity providers",
      action: "read_users",
      params: idParams,
      answer: identities,
      status: 200,
    },
    async ({ params }) => {
      const all = await people.identities.ofUser(params.id);
      const named = people.providers.providers.flatMap(({ name, issuer }) =>
        all.flatMap((one) => (one.issuer === issuer ? [{ provider: name, ...one }] : [])),
      );
      return { body: named };
    },
  );
  endpoint(
    api,
    {
      method: "get",
      path: "/users/{id}/identities/{provider}",
      summary: "Who a user is at one identity provider",
      action: "read_users",
      params: identityParams,
      answer: identity,
      tagged: true,
      status: 200,
    },
    async ({ params: { id, provider } }) => {
      const issuer = issuerOf(provider);
      const found = (await people.identities.ofUser(id)).find((one) => one.issuer === issuer);
      if (!found) throw notFound();
      return { body: { provider, ...found }, headers: tagged(found) };
    },
  );
  endpoint(
    api,
    {
      method: "put",
      conditional: true,
      path: "/users/{id}/identities/{provider}",
      summary: "Let a user sign in at an identity provider, as whom it calls so (its claim sub)",
      action: "change_identities",
      params: identityParams,
      body: identitySubject,
      status: 204,
    },
    async ({ params, body, condition, author, caller }) => {
      requireEndless(caller);
      const issuer = issuerOf(params.provider);
      const { subject } = await body();
      const wanted = { issuer, subject };
      const linked = people.identities.link(params.id, wanted, author, condition());
      if (!(await linked)) throw notFound("User");
      return {};
    },
  );
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: "/users/{id}/identities/{provider}",
      summary: "Let him do so no more; what its claims gave him goes too",
      action: "change_identities",
      params: identityParams,
      status: 204,
    },
    async ({ params, condition, author }) => {
      const issuer = issuerOf(params.provider);
      const unlinked = people.identities.unlink(params.id, issuer, author, condition());
      if (!(await unlinked)) throw notFound();
      return {};
    },
  );
}
