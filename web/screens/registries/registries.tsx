import { useLocation } from "wouter";
import { pullAddress, usePullHost } from "../../api/address.ts";
import { useGroup } from "../../api/group.ts";
import { takesMaintainer, useMayChange } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Link } from "../../ui/link.tsx";
import { CopyButton, Panel } from "../../ui/pieces.tsx";
import { EmptyState, ErrorState, Loaded, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { CreateRegistry } from "./registry-form.tsx";
import { type Registry, useRegistries, useUpstreamsOf } from "./queries.ts";

/** The registries of a group: what clients pull from. */
export default function Registries() {
  const { group, isLoading, error } = useGroup();
  const mayChange = useMayChange(group?.id);
  return (
    <Page
      title="Registries"
      description={
        mayChange
          ? "Each is one address for clients, with upstreams behind it that are asked in order."
          : takesMaintainer
      }
      actions={
        <>
          <Link to="/upstreams" className="button">
            All upstreams
          </Link>
          {group && mayChange && <NewRegistry groupId={group.id} />}
        </>
      }
    >
      {isLoading && <Skeleton height="12rem" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && !group && (
        <EmptyState title="No group yet">
          Registries belong to groups, and you are in none.
        </EmptyState>
      )}
      {group && <List groupId={group.id} mayChange={mayChange} />}
    </Page>
  );
}

function NewRegistry({ groupId }: { groupId: number }) {
  const [, navigate] = useLocation();
  return (
    <Dialog
      title="New registry"
      trigger={
        <Button variant="primary" icon="plus">
          New registry
        </Button>
      }
    >
      {(close) => (
        <CreateRegistry
          groupId={groupId}
          beside={<Button onPress={close}>Cancel</Button>}
          onCreated={({ id }) => {
            close();
            navigate(`/registries/${id}`);
          }}
        />
      )}
    </Dialog>
  );
}

/** With more registries than these their upstreams are not asked for here. */
const mostDetailed = 50;

function List({ groupId, mayChange }: { groupId: number; mayChange: boolean }) {
  const registries = useRegistries(groupId);
  return (
    <Panel title="In this group">
      <Loaded query={registries} height="9rem">
        {(rows) => (
          <Table
            label="Registries"
            columns={rows.length > mostDetailed ? columns : [...columns, upstreamsColumn]}
            rows={rows}
            rowKey={({ id }) => id}
            sort={{ column: "name", direction: "ascending" }}
            empty={
              <EmptyState
                title="No registry yet"
                action={<Link to="/welcome">Set up the first one step by step</Link>}
              >
                {mayChange
                  ? "A registry gives clients one address for all the upstreams that you put behind it."
                  : "A maintainer of the group can make one."}
              </EmptyState>
            }
          />
        )}
      </Loaded>
    </Panel>
  );
}

const columns: readonly Column<Registry>[] = [
  {
    id: "name",
    name: "Name",
    isName: true,
    sortBy: ({ name }) => name,
    cell: ({ id, name, description }) => (
      <div>
        <Link to={`/registries/${id}`}>
          <bdi>{name}</bdi>
        </Link>
        {description !== null && (
          <p className="small muted">
            <bdi>{description}</bdi>
          </p>
        )}
      </div>
    ),
  },
  {
    id: "address",
    name: "Pull address",
    cell: (registry) => <Address registry={registry} />,
  },
];

const upstreamsColumn: Column<Registry> = {
  id: "upstreams",
  name: "Upstreams, in order",
  cell: ({ id }) => <Upstreams registryId={id} />,
};

function Address({ registry: { id } }: { registry: Registry }) {
  const address = pullAddress(usePullHost(), id);
  return (
    <div className="row">
      <code className="breaking">{address}</code>
      <CopyButton text={address} />
    </div>
  );
}

function Upstreams({ registryId }: { registryId: number }) {
  const { data, error } = useUpstreamsOf(registryId);
  if (error) return <span className="muted">not known: {error.message}</span>;
  if (!data) return <span className="muted">…</span>;
  if (data.length === 0) return <span className="muted">none yet</span>;
  return (
    <ol className="inline-list">
      {data.map(({ id, name }) => (
        <li key={id}>
          <Link to={`/upstreams/${id}`}>
            <bdi>{name}</bdi>
          </Link>
        </li>
      ))}
    </ol>
  );
}
