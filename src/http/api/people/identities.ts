import { type Api, endpoint } from "../endpoint.ts";
import { notFound } from "../errors.ts";
import { idParams } from "../fields.ts";
import type { ApiOptions } from "../options.ts";
import { requireEndless } from "../identity/expiry.ts";
import { identities, identityParams, identitySubject } from "./fields.ts";

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
      method: "put",
      path: "/users/{id}/identities/{provider}",
      summary: "Let a user sign in at an identity provider, as whom it calls so (its claim sub)",
      action: "change_identities",
      params: identityParams,
      body: identitySubject,
      status: 204,
    },
    async ({ params, body, author, caller }) => {
      requireEndless(caller);
      const issuer = issuerOf(params.provider);
      const { subject } = await body();
      const identity = { issuer, subject };
      if (!(await people.identities.link(params.id, identity, author))) throw notFound("User");
      return {};
    },
  );
  endpoint(
    api,
    {
      method: "delete",
      path: "/users/{id}/identities/{provider}",
      summary: "Let him do so no more; what its claims gave him goes too",
      action: "change_identities",
      params: identityParams,
      status: 204,
    },
    async ({ params, author }) => {
      const issuer = issuerOf(params.provider);
      if (!(await people.identities.unlink(params.id, issuer, author))) throw notFound();
      return {};
    },
  );
}
