import { type Group, useGroup } from "../../api/group.ts";
import { takesMaintainer, useMayChange } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { Select } from "../../ui/choices.tsx";
import { Endless } from "../../ui/endless.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { useParam } from "../../ui/params.ts";
import { Panel } from "../../ui/pieces.tsx";
import { EmptyState, ErrorState, Loaded, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { type Registry, useRegistries } from "../registries/queries.ts";
import { NewPrefetch } from "./new-prefetch.tsx";
import { type Prefetch, usePrefetches } from "./queries.ts";
import { PrefetchState, Progress, When } from "./state.tsx";

/** What is brought into the cache before anybody asks for it. */
export default function Prefetches() {
  const { group, isLoading, error } = useGroup();
  if (group) return <OfGroup key={group.id} group={group} />;
  return (
    <Page title="Prefetches">
      {isLoading && <Skeleton height="30rem" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && (
        <EmptyState title="No group yet">
          Registries belong to groups, and you are in none.
        </EmptyState>
      )}
    </Page>
  );
}

function OfGroup({ group }: { group: Group }) {
  const registries = useRegistries(group.id);
  const mayChange = useMayChange(group.id);
  const [wanted] = useParam("registry");
  const chosen = registries.data?.find(({ id }) => String(id) === wanted) ?? registries.data?.[0];
  return (
    <Page
      title="Prefetches"
      description={
        mayChange
          ? "Images that are brought into the cache before anybody asks for them, once or again and again."
          : takesMaintainer
      }
      actions={chosen && mayChange && <NewPrefetch registry={chosen} />}
    >
      <Loaded query={registries} height="30rem">
        {(all) =>
          chosen ? (
            <OfRegistry key={chosen.id} registry={chosen} all={all} />
          ) : (
            <EmptyState
              title="No registry yet"
              action={<Link to="/registries">To the registries</Link>}
            >
              Images are prefetched through a registry.
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}

function OfRegistry({ registry, all }: { registry: Registry; all: readonly Registry[] }) {
  const [, setRegistry] = useParam("registry");
  return (
    <Panel
      title={
        <>
          Through <bdi>{registry.name}</bdi>
        </>
      }
    >
      {all.length > 1 && (
        <Select
          label="Registry"
          value={String(registry.id)}
          onChange={setRegistry}
          choices={all.map(({ id, name }) => ({ id: String(id), label: name }))}
        />
      )}
      <Endless
        query={usePrefetches(registry.id)}
        height="14rem"
        empty={
          <EmptyState title="No prefetches yet">
            One brings the images that your clusters will pull, before they do. What has run once is
            forgotten after 30 days.
          </EmptyState>
        }
      >
        {(prefetches) => (
          <Table label="Prefetches" columns={columns} rows={prefetches} rowKey={({ id }) => id} />
        )}
      </Endless>
    </Panel>
  );
}

const shownImages = 2;

const columns: readonly Column<Prefetch>[] = [
  {
    id: "images",
    name: "Images",
    isName: true,
    cell: ({ id, images, platforms }) => (
      <div>
        <Link to={`/prefetches/${id}`}>
          <bdi>
            {images
              .slice(0, shownImages)
              .map(({ image }) => image)
              .join(", ")}
          </bdi>
          {images.length > shownImages && ` and ${images.length - shownImages} more`}
        </Link>
        <p className="small muted">{platforms.join(", ")}</p>
      </div>
    ),
  },
  { id: "state", name: "State", cell: (prefetch) => <PrefetchState prefetch={prefetch} /> },
  { id: "progress", name: "Progress", cell: (prefetch) => <Progress prefetch={prefetch} /> },
  { id: "when", name: "When", cell: (prefetch) => <When prefetch={prefetch} /> },
  {
    id: "last",
    name: "Last run",
    cell: ({ last_run_at: last }) => <RelativeTime time={last} />,
  },
];
