import { Icon } from "../../ui/icons.tsx";
import { useMutation } from "@tanstack/react-query";
import { api, ask, askTagged, ifMatch } from "../../api/client.ts";
import { isConflict } from "../../api/errors.ts";
import { queries } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { Link } from "../../ui/link.tsx";
import { Ordered } from "../../ui/ordered.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { EmptyState, ErrorNote, Loaded } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { HealthBadge } from "../registries/health.tsx";
import {
  type Order,
  type PlacedUpstream,
  registriesChanged,
  type RegistryDetail,
  upstreamsOfKey,
  useOrder,
  useUpstream,
} from "../registries/queries.ts";
import { AssociateUpstream } from "./associate-upstream.tsx";

/** The upstreams of a registry, in the order in which they are asked. */
export function UpstreamOrder({
  registry,
  mayChange,
}: {
  registry: RegistryDetail;
  mayChange: boolean;
}) {
  const { id } = registry;
  const upstreams = useOrder(id);
  const move = useMove(id);
  const add = <AddActions registry={registry} of={upstreams.data?.data ?? []} />;
  return (
    <Panel title="Upstreams, in the order in which they are asked" actions={mayChange && add}>
      {move.error && (
        <ErrorNote title="The order was not changed" error={move.error}>
          {isConflict(move.error) && (
            <p>Somebody else has changed it meanwhile. It is shown as it is now.</p>
          )}
        </ErrorNote>
      )}
      <Loaded query={upstreams} height="9rem">
        {({ data: items, tag }) =>
          items.length === 0 ? (
            <EmptyState title="No upstream yet">
              {mayChange
                ? "Without one it has nothing to give. Add one, by a few presets or by its address."
                : "Without one it has nothing to give. A maintainer of the group can add some."}
            </EmptyState>
          ) : (
            <Ordered
              label="Upstreams, in order"
              items={items}
              itemKey={({ id }) => id}
              itemName={({ name }) => name}
              row={(upstream) => (
                <UpstreamRow
                  registry={registry}
                  upstream={upstream}
                  tag={mayChange ? tag : undefined}
                />
              )}
              onMove={mayChange ? (upstream, to) => move.mutate({ upstream, to }) : undefined}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

interface Move {
  upstream: PlacedUpstream;
  to: number;
}

/** Shown as moved at once; where the server refuses, it is read anew as it is. One after the other, in the order of asking. */
function useMove(registryId: number) {
  const key = upstreamsOfKey(registryId);
  return useMutation({
    mutationKey: ["move", registryId],
    scope: { id: `move ${registryId}` },
    mutationFn: ({ upstream, to }: Move) =>
      askTagged(
        api.PATCH("/api/v4/virtual_registries/container/registry_upstreams/{id}", {
          params: { path: { id: upstream.registry_upstream.id } },
          headers: ifMatch(queries.getQueryData<Order>(key)?.tag ?? "*"),
          body: { position: to + 1 },
        }),
      ),
    onSuccess: ({ tag }) => changeOrder(key, (order) => ({ ...order, tag })),
    onMutate: async ({ upstream, to }) => {
      await queries.cancelQueries({ queryKey: key });
      changeOrder(key, (order) => ({ ...order, data: moved(order.data, upstream.id, to) }));
    },
    onSettled: async () => {
      const isLast = queries.isMutating({ mutationKey: ["move", registryId] }) === 1;
      if (isLast) await registriesChanged();
    },
  });
}

/** As it is shown, until it is read anew. */
const changeOrder = (key: readonly unknown[], change: (order: Order) => Order) =>
  queries.setQueryData<Order>(key, (order) => order && change(order));

function moved(all: readonly PlacedUpstream[], id: number, to: number): PlacedUpstream[] {
  const one = all.filter((each) => each.id === id);
  return all.filter((each) => each.id !== id).toSpliced(to, 0, ...one);
}

function AddActions({ registry, of }: { registry: RegistryDetail; of: readonly PlacedUpstream[] }) {
  return (
    <>
      <AssociateUpstream registry={registry} present={of.map(({ id }) => id)} />
      <Link to={`/upstreams/new?registry=${registry.id}`} className="button primary">
        <Icon name="plus" size={18} />
        Add an upstream
      </Link>
    </>
  );
}

function UpstreamRow({
  registry,
  upstream,
  tag,
}: {
  registry: RegistryDetail;
  upstream: PlacedUpstream;
  /** Of the order; undefined where it may not be changed. */
  tag: string | undefined;
}) {
  const { id, name, url, access } = upstream;
  const health = useUpstream(id).data?.data.health;
  return (
    <div className="ordered-item">
      <div>
        <Link to={`/upstreams/${id}`}>
          <bdi>{name}</bdi>
        </Link>
        <p className="small muted">
          <bdi>{url}</bdi>
        </p>
      </div>
      <div className="row">
        {access === "verified" && <Badge>Members only</Badge>}
        {health ? <HealthBadge health={health} /> : <Badge>…</Badge>}
        {tag !== undefined && <TakeOut registry={registry} upstream={upstream} tag={tag} />}
      </div>
    </div>
  );
}

function TakeOut({
  registry,
  upstream: { name, registry_upstream: place },
  tag,
}: {
  registry: RegistryDetail;
  upstream: PlacedUpstream;
  tag: string;
}) {
  const takeOut = async () => {
    await ask(
      api.DELETE("/api/v4/virtual_registries/container/registry_upstreams/{id}", {
        params: { path: { id: place.id } },
        headers: ifMatch(tag),
      }),
    );
    toast(`${name} is taken out. It is still an upstream of the group.`);
    await registriesChanged();
  };
  return (
    <ConfirmDialog
      title={`Take ${name} out of ${registry.name}?`}
      action="Take out"
      trigger={
        <Button variant="quiet" aria-label={`Take out ${name}`}>
          Take out
        </Button>
      }
      onConfirm={takeOut}
    >
      It is not asked any more for what this registry is asked. It stays an upstream of the group,
      with its settings and its cache, and can be added again.
    </ConfirmDialog>
  );
}
