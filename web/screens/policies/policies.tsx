import { type Group, useGroup } from "../../api/group.ts";
import { useRights } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { EmptyState, ErrorState, NoPermission, Skeleton } from "../../ui/states.tsx";
import { DependencyProxyPanel } from "../groups/dependency-proxy.tsx";
import { RegistriesSwitch } from "../groups/settings.tsx";
import { SpacePanel } from "../groups/space.tsx";
import { Evictions } from "../server/evictions.tsx";
import { CleanupPanel } from "./cleanup.tsx";

/** What is kept and what is given up, by itself. For owners. */
export default function Policies() {
  const { group, isLoading, error } = useGroup();
  return (
    <Page title="Policies" description="What the group keeps, and what it deletes by itself.">
      {isLoading && <Skeleton height="60vh" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && !group && (
        <EmptyState title="No group yet">
          Policies belong to groups, and you are in none.
        </EmptyState>
      )}
      {group && <OfGroup key={group.id} group={group} />}
    </Page>
  );
}

function OfGroup({ group }: { group: Group }) {
  const rights = useRights(group);
  if (!rights.is("owner")) {
    return <NoPermission>Policies are for owners of the group to see and to change.</NoPermission>;
  }
  const mayChange = rights.may("owner");
  return (
    <>
      <CleanupPanel group={group} mayChange={mayChange} />
      <SpacePanel group={group} mayChange={rights.may("administrator")} />
      {rights.is("administrator") && (
        <Panel title="What limits would take" actions={<Evictions />}>
          <p className="muted">
            What is over a limit goes by itself within a minute, the entries that were pulled
            longest ago first. This shows beforehand what that would be, on the whole server.
          </p>
        </Panel>
      )}
      <RegistriesSwitch group={group} mayChange={mayChange} />
      {mayChange && <DependencyProxyPanel group={group} />}
      <Pins />
    </>
  );
}

function Pins() {
  return (
    <Panel title="What is pinned">
      <p>
        A pinned entry stays, and so does what it leads to within its repository: no policy, limit
        or purge takes it, unless the purge says so. A tag that is pinned stays so when it moves. A
        pin keeps the copy; it does not make it fresh.
      </p>
      <p>
        Entries are pinned at their own page, in the <Link to="/cache">cache</Link>.
      </p>
    </Panel>
  );
}
