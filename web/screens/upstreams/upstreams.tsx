import { Icon } from "../../ui/icons.tsx";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { useGroup } from "../../api/group.ts";
import { takesMaintainer, useMayChange } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { SearchField } from "../../ui/fields.tsx";
import { Link } from "../../ui/link.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { useSettled } from "../../ui/settled.ts";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states.tsx";
import type { Column } from "../../ui/table.tsx";
import { HealthBadge } from "../registries/health.tsx";
import { type Upstream, useUpstream, useUpstreams } from "../registries/queries.ts";
import { InRegistries } from "./in-registries.tsx";
import { UpstreamsTable } from "./upstreams-table.tsx";

/** All upstreams of a group, those too that are in no registry. */
export default function Upstreams() {
  const { group, isLoading, error } = useGroup();
  const mayChange = useMayChange(group?.id);
  const add = (
    <Link to="/upstreams/new" className="button primary">
      <Icon name="plus" size={18} />
      Add an upstream
    </Link>
  );
  return (
    <Page
      title="Upstreams"
      description={
        mayChange
          ? "The registries that images come from. One is asked where a registry of yours has it."
          : takesMaintainer
      }
      actions={group && mayChange && add}
    >
      {isLoading && <Skeleton height="12rem" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && !group && (
        <EmptyState title="No group yet">
          Upstreams belong to groups, and you are in none.
        </EmptyState>
      )}
      {group && <List groupId={group.id} />}
    </Page>
  );
}

function List({ groupId }: { groupId: number }) {
  const [params, setParams] = useSearchParams();
  const [text, setText] = useState(params.get("search") ?? "");
  const search = useSettled(text.trim());
  const upstreams = useUpstreams(groupId, search);
  const typed = (next: string) => {
    setText(next);
    setParams(
      (before) => {
        if (next === "") before.delete("search");
        else before.set("search", next);
        return before;
      },
      { replace: true },
    );
  };
  return (
    <Panel title="In this group">
      <SearchField label="Find an upstream by its name" value={text} onChange={typed} />
      <UpstreamsTable
        query={upstreams}
        columns={columnsFor(groupId)}
        isSearch={search !== ""}
        empty={
          <EmptyState title="No upstream yet">
            Add one, by a few presets or by its address.
          </EmptyState>
        }
      />
    </Panel>
  );
}

const columnsFor = (groupId: number): readonly Column<Upstream>[] => [
  {
    id: "name",
    name: "Name",
    isName: true,
    cell: ({ id, name, url }) => (
      <div>
        <Link to={`/upstreams/${id}`}>
          <bdi>{name}</bdi>
        </Link>
        <p className="small muted">
          <bdi>{url}</bdi>
        </p>
      </div>
    ),
  },
  {
    id: "login",
    name: "Login",
    cell: ({ username }) =>
      username === null ? <span className="muted">none</span> : <bdi>{username}</bdi>,
  },
  {
    id: "registries",
    name: "In registries",
    cell: ({ id }) => <InRegistries id={id} groupId={groupId} />,
  },
  { id: "health", name: "Health", cell: ({ id }) => <HealthOf id={id} /> },
];

function HealthOf({ id }: { id: number }) {
  const { data, error } = useUpstream(id);
  if (error) return <span className="muted">not known</span>;
  return data ? <HealthBadge health={data.data.health} /> : <Badge>…</Badge>;
}
