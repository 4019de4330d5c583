import { type Place, usePlace } from "../../api/places.ts";
import { type Rights, useRights } from "../../api/rights.ts";
import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { Page } from "../../shell/page.tsx";
import { Link } from "../../ui/link.tsx";
import { useParam } from "../../ui/params.ts";
import { Panel } from "../../ui/pieces.tsx";
import { PlaceSelect } from "../../ui/place.tsx";
import { Segments } from "../../ui/segments.tsx";
import { NoPermission, Skeleton } from "../../ui/states.tsx";
import { CreateToken } from "./create.tsx";
import { type Kind, kinds, type Owner } from "./kinds.ts";
import { TokenList } from "./list.tsx";

const titles = {
  personal: "Your personal access tokens",
  group: "Group access tokens",
  deploy: "Deploy tokens",
};

/** Credentials for clients and programs: one's own, and those of the group. */
export default function Tokens() {
  const { place, isLoading } = usePlace();
  const rights = useRights(place?.group);
  const [wanted, setKind] = useParam("kind");
  const kind = kinds.find(({ id }) => id === wanted)?.id ?? "personal";
  const offered = kinds.filter(({ id }) => id === "personal" || rights.is("owner"));
  return (
    <Page
      title="Tokens"
      description="What clients pull with, and what programs use at the API."
      actions={
        offered.length > 1 && (
          <Segments label="Kind of token" choices={offered} value={kind} onChange={setKind} />
        )
      }
    >
      {isLoading ? (
        <Skeleton height="20rem" />
      ) : (
        <Kinds kind={kind} place={place} rights={rights} />
      )}
    </Page>
  );
}

function Kinds({ kind, place, rights }: { kind: Kind; place: Place | undefined; rights: Rights }) {
  const owner = useOwner(kind, place);
  if (kind !== "personal" && !rights.is("owner")) {
    return (
      <NoPermission>Tokens of a group are for its owners. Yours are under Personal.</NoPermission>
    );
  }
  if (!owner) return null;
  return (
    <>
      {kind !== "personal" && place && <PlaceSelect place={place} />}
      <Panel
        title={titles[kind]}
        actions={rights.mayWrite && <CreateToken key={kind} owner={owner} />}
      >
        <TokenList key={kind} owner={owner} mayChange={rights.mayWrite} />
      </Panel>
      {kind === "personal" && rights.is("administrator") && (
        <p className="muted">
          Those of other users are on the pages of the <Link to="/users">users</Link>.
        </p>
      )}
    </>
  );
}

function useOwner(kind: Kind, place: Place | undefined): Owner | undefined {
  const known = useStore(me);
  if (kind !== "personal") return place && { kind, group: place.group };
  if (!known) return undefined;
  return { kind, userId: known.user.id, username: known.user.username, isSelf: true };
}
