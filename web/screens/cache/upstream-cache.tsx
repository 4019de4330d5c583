import { useParams } from "wouter";
import { api, ask } from "../../api/client.ts";
import { useGroupOf } from "../../api/group.ts";
import { useMayChange } from "../../api/rights.ts";
import { NotFound } from "../../shell/not-found.tsx";
import { Page } from "../../shell/page.tsx";
import { Link } from "../../ui/link.tsx";
import { useParam } from "../../ui/params.ts";
import { Panel } from "../../ui/pieces.tsx";
import { Segments } from "../../ui/segments.tsx";
import { Loaded } from "../../ui/states.tsx";
import { Purge } from "../registries/purge.tsx";
import { type UpstreamDetail, useUpstream } from "../registries/queries.ts";
import { typedName } from "../registries/typed.ts";
import { EntriesList } from "./entries-list.tsx";
import { cacheChanged } from "./queries.ts";
import { RepositoriesList } from "./repositories-list.tsx";

const crumbs = [{ title: "Cache", to: "/cache" }];
const views = [
  { id: "repositories", label: "Repositories" },
  { id: "entries", label: "All entries" },
];
const purgeView = { id: "purge", label: "Purge" };

/** What is cached of an upstream: by repository, or all of it. */
export default function UpstreamCache() {
  const { id: text } = useParams<{ id: string }>();
  if (!/^\d{1,15}$/.test(text)) return <NotFound />;
  return <Known key={text} id={Number(text)} />;
}

function Known({ id }: { id: number }) {
  const upstream = useUpstream(id);
  const detail = upstream.data?.data;
  useGroupOf(detail?.group_id);
  const mayChange = useMayChange(detail?.group_id);
  const [wanted, setView] = useParam("view");
  const choices = mayChange ? [...views, purgeView] : views;
  const view = choices.find((each) => each.id === wanted)?.id ?? "repositories";
  return (
    <Page
      title={detail?.name ?? `Upstream ${id}`}
      crumbs={crumbs}
      description={detail && <bdi>{detail.url}</bdi>}
      actions={
        <>
          <Segments label="View" choices={choices} value={view} onChange={setView} />
          <Link to={`/upstreams/${id}`} className="button">
            Upstream
          </Link>
        </>
      }
    >
      <Loaded query={upstream} height="40rem">
        {({ data }) => (
          <>
            {view === "repositories" && <RepositoriesList upstreamId={id} />}
            {view === "entries" && <EntriesList upstreamId={id} />}
            {view === "purge" && <PurgePanel upstream={data} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function PurgePanel({ upstream: { id, name } }: { upstream: UpstreamDetail }) {
  const [pattern] = useParam("pattern");
  const params = { path: { id } };
  return (
    <Panel title="Purge what is cached">
      <p className="muted">
        What is purged is fetched again from the upstream when somebody pulls it, if it is still
        there. Pinned entries stay.
      </p>
      <Purge
        key={pattern}
        name={name}
        typed={typedName(name, id)}
        pattern={pattern}
        preview={(query) =>
          ask(
            api.GET("/api/v4/virtual_registries/container/upstreams/{id}/cache", {
              params: { ...params, query },
            }),
          )
        }
        purge={async (query) => {
          await ask(
            api.DELETE("/api/v4/virtual_registries/container/upstreams/{id}/cache", {
              params: { ...params, query },
            }),
          );
          await cacheChanged();
        }}
      />
    </Panel>
  );
}
