import { type Place, usePlace } from "../../api/places.ts";
import { useRights } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { PlaceSelect } from "../../ui/place.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states.tsx";
import { AddMember } from "./add.tsx";
import { MemberList } from "./list.tsx";

/** Who may do what in a group. */
export default function Members() {
  const { place, isLoading, error } = usePlace();
  return (
    <Page title="Members" description="A role in a group is one in the groups below it too.">
      {isLoading && <Skeleton height="20rem" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && !place && (
        <EmptyState title="No group yet">You are in no group that has members to show.</EmptyState>
      )}
      {place && <OfGroup key={place.group.id} place={place} />}
    </Page>
  );
}

function OfGroup({ place }: { place: Place }) {
  const { group } = place;
  const { may } = useRights(group);
  return (
    <>
      <PlaceSelect place={place} />
      <Panel
        title={`Members of ${group.full_path}`}
        actions={may("owner") && <AddMember group={group} />}
      >
        <MemberList place={place} mayChange={may("owner")} />
      </Panel>
    </>
  );
}
