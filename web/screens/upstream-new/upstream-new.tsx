import { useLocation, useSearchParams } from "wouter";
import { useGroup, useGroupOf } from "../../api/group.ts";
import { useMayChange } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { ErrorState, NoPermission, Skeleton } from "../../ui/states.tsx";
import { CreateUpstream } from "../registries/create-upstream.tsx";
import { useRegistry } from "../registries/queries.ts";

/** Adds an upstream: to the registry that the address names, or to none yet. */
export default function NewUpstream() {
  const [search] = useSearchParams();
  const registry = search.get("registry") ?? "";
  return /^\d{1,15}$/.test(registry) ? <ForRegistry id={Number(registry)} /> : <ForGroup />;
}

function ForRegistry({ id }: { id: number }) {
  const { data, error } = useRegistry(id);
  const registry = data?.data;
  useGroupOf(registry?.group_id);
  return (
    <Page
      title="Add an upstream"
      crumbs={[
        { title: "Registries", to: "/registries" },
        { title: registry?.name ?? `Registry ${id}`, to: `/registries/${id}` },
      ]}
      description="It is asked as the last of the registry; the order can be changed there."
    >
      {error && <ErrorState error={error} />}
      {!error && !registry && <Skeleton height="30rem" />}
      {registry && <Form groupId={registry.group_id} registryId={id} back={`/registries/${id}`} />}
    </Page>
  );
}

function ForGroup() {
  const { group, error } = useGroup();
  return (
    <Page
      title="Add an upstream"
      crumbs={[{ title: "Upstreams", to: "/upstreams" }]}
      description="It is in no registry at first: add it to one at that registry's page."
    >
      {error !== null && <ErrorState error={error} />}
      {!error && !group && <Skeleton height="30rem" />}
      {group && <Form groupId={group.id} back="/upstreams" />}
    </Page>
  );
}

function Form({
  groupId,
  registryId,
  back,
}: {
  groupId: number;
  registryId?: number;
  back: string;
}) {
  const [, navigate] = useLocation();
  if (!useMayChange(groupId)) {
    return <NoPermission>It takes the role Maintainer in the group.</NoPermission>;
  }
  return (
    <Panel title="The registry it stands for">
      <CreateUpstream
        groupId={groupId}
        {...(registryId !== undefined && { registryId })}
        onCreated={({ id }) => navigate(registryId === undefined ? `/upstreams/${id}` : back)}
        beside={
          <Link to={back} className="button">
            Cancel
          </Link>
        }
      />
    </Panel>
  );
}
