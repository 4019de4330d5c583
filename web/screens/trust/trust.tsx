import { Icon } from "../../ui/icons.tsx";
import { useQuery } from "@tanstack/react-query";
import { api, ask, askPage } from "../../api/client.ts";
import { askAll, mostAtOnce } from "../../api/pages.ts";
import { useRights } from "../../api/rights.ts";
import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { Page } from "../../shell/page.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Badge, Copyable, Panel } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { claimsText } from "./claims.ts";
import type { Issuer } from "./draft.ts";

/** How people sign in, and whose id tokens count for jobs. */
export default function Trust() {
  return (
    <Page
      title="Sign-in and CI"
      description="How people sign in here, and with which tokens jobs of CI systems log in."
    >
      <Issuers />
      <SignIn />
    </Page>
  );
}

function Issuers() {
  const { may } = useRights();
  const issuers = useQuery({
    queryKey: ["oidc issuers"],
    queryFn: ({ signal }) =>
      askAll((page) =>
        askPage(
          api.GET("/api/v4/admin/oidc_issuers", {
            params: { query: { page, per_page: mostAtOnce } },
            signal,
          }),
        ),
      ),
  });
  return (
    <Panel
      title="Trusted issuers of id tokens"
      actions={
        may("administrator") && (
          <Link className="button primary" to="/trust/new">
            <Icon name="plus" size={18} />
            Trust an issuer
          </Link>
        )
      }
    >
      <Loaded query={issuers} height="12rem">
        {({ items }) => (
          <Table
            label="Trusted issuers"
            columns={columns}
            rows={items}
            rowKey={({ id }) => id}
            rowHref={({ id }) => `/trust/${id}`}
            empty={
              <EmptyState title="No issuer is trusted yet">
                With one, jobs of GitLab CI, GitHub Actions or Kubernetes pull without a secret.
              </EmptyState>
            }
          />
        )}
      </Loaded>
    </Panel>
  );
}

const columns: readonly Column<Issuer>[] = [
  { id: "name", name: "Name", isName: true, cell: ({ name }) => <bdi>{name}</bdi> },
  { id: "issuer", name: "Issuer", cell: ({ issuer }) => <bdi>{issuer}</bdi> },
  {
    id: "rules",
    name: "Rules",
    cell: ({ rules }) => (
      <ul className="lines small">
        {rules.map(({ claims, group, pull }) => (
          <li key={`${group} ${JSON.stringify(claims)}`}>
            <bdi>{claimsText(claims)}</bdi> → <bdi>{group}</bdi>
            {pull.length === 1 &&
              ` (${pull[0] === "registries" ? "registries" : "Dependency Proxies"})`}
          </li>
        ))}
      </ul>
    ),
  },
  { id: "changed", name: "Changed", cell: (issuer) => <RelativeTime time={issuer.updated_at} /> },
];

function SignIn() {
  const origin = useStore(me)?.external_url ?? location.origin;
  const methods = useQuery({
    queryKey: ["session", "methods"],
    queryFn: ({ signal }) => ask(api.GET("/api/v4/session/methods", { signal })),
  });
  return (
    <Panel title="How people sign in">
      <Loaded query={methods} height="10rem">
        {({ password, token, providers }) => (
          <div className="stack">
            <ul className="lines">
              <Way name="User name and password" isOn={password} />
              <Way name="Access token" isOn={token} />
            </ul>
            {providers.map(({ name, title }) => (
              <div key={name} className="stack">
                <p>
                  <Badge tone="good">On</Badge> Identity provider <bdi>{title}</bdi>. There, this is
                  the redirect address of Weir:
                </p>
                <Copyable text={`${origin}/api/v4/session/oidc/${name}/callback`} />
              </div>
            ))}
            <p className="muted">
              {providers.length === 0 && "There are no identity providers. "}
              Identity providers stand in the configuration file, under sign_in_providers, and count
              from the next start on.
            </p>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function Way({ name, isOn }: { name: string; isOn: boolean }) {
  return (
    <li>
      <Badge tone={isOn ? "good" : "neutral"}>{isOn ? "On" : "Off"}</Badge> {name}
    </li>
  );
}
