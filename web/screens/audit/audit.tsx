import { useState } from "react";
import { api, askPage } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { type Place, usePlace } from "../../api/places.ts";
import { queries } from "../../api/queries.ts";
import { useRights } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Endless } from "../../ui/endless.tsx";
import { useParam } from "../../ui/params.ts";
import { Panel } from "../../ui/pieces.tsx";
import { PlaceSelect } from "../../ui/place.tsx";
import { Segments } from "../../ui/segments.tsx";
import { EmptyState, NoPermission, Skeleton } from "../../ui/states.tsx";
import { Event } from "./event.tsx";
import { type Filter, Filters, queryOf, useFilter } from "./filters.tsx";

const scopes = [
  { id: "group", label: "Group" },
  { id: "server", label: "Whole server" },
];

/** Who did what, the newest first. */
export default function Audit() {
  const { place, isLoading } = usePlace();
  const { is } = useRights(place?.group);
  const [wanted, setScope] = useParam("scope");
  const isServer = wanted === "server" || (!isLoading && !place);
  return (
    <Page
      title="Audit log"
      description="Who did what, when and from where. Nothing changes or deletes an entry but its age."
      actions={
        is("administrator") && (
          <Segments
            label="Whose log"
            choices={scopes}
            value={isServer ? "server" : "group"}
            onChange={(id) => setScope(id === "server" ? id : "")}
          />
        )
      }
    >
      {isLoading ? (
        <Skeleton height="30rem" />
      ) : is(isServer ? "administrator" : "owner") ? (
        <Log place={isServer ? undefined : place} />
      ) : (
        <NoPermission>The log of a group is for its owners.</NoPermission>
      )}
    </Page>
  );
}

const perPage = 50;

function Log({ place }: { place: Place | undefined }) {
  const filter = useFilter();
  // Pages are counted from the newest: what comes later would move them.
  const [until, setUntil] = useState(() => new Date().toISOString());
  const key = ["audit events", place?.group.id ?? "server", filter, until];
  const events = usePages(key, (page, signal) => listEvents(place, filter, until, page, signal));
  const refresh = async () => {
    await queries.invalidateQueries({ queryKey: ["audit events"], refetchType: "none" });
    setUntil(new Date().toISOString());
  };
  return (
    <>
      {place && <PlaceSelect place={place} />}
      <Filters />
      <Panel
        title={place ? `Events of ${place.group.full_path}` : "Events of this server"}
        actions={
          <Button icon="refresh" onPress={() => void refresh()}>
            Look for newer
          </Button>
        }
      >
        <Endless
          query={events}
          height="30rem"
          empty={
            <EmptyState title="Nothing is on record">
              {isEmpty(filter)
                ? "What is done from now on would be here."
                : "Nothing matches the filters."}
            </EmptyState>
          }
        >
          {(items) => (
            <ol className="events" aria-label="Events, the newest first">
              {items.map((event) => (
                <li key={event.id}>
                  <Event event={event} />
                </li>
              ))}
            </ol>
          )}
        </Endless>
      </Panel>
    </>
  );
}

const isEmpty = (filter: Filter) => Object.values(filter).every((value) => value === "");

function listEvents(
  place: Place | undefined,
  filter: Filter,
  until: string,
  page: number,
  signal: AbortSignal,
) {
  const query = { ...queryOf(filter, until), page, per_page: perPage };
  if (!place) return askPage(api.GET("/api/v4/audit_events", { params: { query }, signal }));
  const path = { id: String(place.group.id) };
  return askPage(api.GET("/api/v4/groups/{id}/audit_events", { params: { path, query }, signal }));
}
