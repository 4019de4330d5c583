import { useQueries, useQuery } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api, ask, askTagged, ifMatch } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import type { Tagged } from "../../ui/edited.tsx";
import { ErrorNote, Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { DeleteButton } from "../registries/delete-button.tsx";
import { Preview } from "../registries/purge.tsx";
import { registriesChanged, type RegistryDetail } from "../registries/queries.ts";
import { typedName } from "../registries/typed.ts";

/** Deletes a registry, and says before what goes along. */
export function DeleteRegistry({ newest: { data, tag } }: { newest: Tagged<RegistryDetail> }) {
  const { id, name } = data;
  const [, navigate] = useLocation();
  const remove = async () => {
    await ask(
      api.DELETE("/api/v4/virtual_registries/container/registries/{id}", {
        params: { path: { id }, header: ifMatch(tag) },
      }),
    );
    toast(`The registry ${name} is deleted.`);
    navigate("/registries");
    queries.removeQueries({ queryKey: ["registry", id] });
    await registriesChanged();
  };
  return (
    <DeleteButton
      title={`Delete the registry ${name}?`}
      action="Delete registry"
      typed={typedName(name, id)}
      onConfirm={remove}
    >
      <TakenAlong registry={data} />
    </DeleteButton>
  );
}

function TakenAlong({
  registry: { id, registry_upstreams: places },
}: {
  registry: RegistryDetail;
}) {
  const upstreams = useQueries({
    queries: places.map(({ upstream_id: upstream }) => ({
      queryKey: ["upstream", upstream],
      queryFn: () =>
        askTagged(
          api.GET("/api/v4/virtual_registries/container/upstreams/{id}", {
            params: { path: { id: upstream } },
          }),
        ),
    })),
  });
  const cache = useQuery({
    queryKey: ["registry", id, "cache"],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/virtual_registries/container/registries/{id}/cache", {
          params: { path: { id }, query: { include_pinned: true } },
          signal,
        }),
      ),
  });
  const failed = [...upstreams, cache].find(({ error }) => error !== null);
  if (failed) return <ErrorNote title="What goes along is not known" error={failed.error} />;
  if ([...upstreams, cache].some(({ isPending }) => isPending)) return <Skeleton height="6rem" />;
  const all = upstreams.flatMap(({ data }) => (data ? [data.data] : []));
  const going = all.filter(({ registry_upstreams: { length } }) => length === 1);
  const staying = all.filter((upstream) => !going.includes(upstream));
  return (
    <div className="stack">
      <p>Clients that pull by its address get nothing any more. There is no undo.</p>
      {going.length > 0 && (
        <div>
          <p>These upstreams are in no other registry, and go along, with all that is cached:</p>
          <Names of={going} />
        </div>
      )}
      {going.length > 0 && cache.data && <Preview preview={cache.data} />}
      {staying.length > 0 && (
        <div>
          <p>These stay, in their other registries:</p>
          <Names of={staying} />
        </div>
      )}
    </div>
  );
}

function Names({ of }: { of: readonly { id: number; name: string }[] }) {
  return (
    <ul>
      {of.map(({ id, name }) => (
        <li key={id}>
          <bdi>{name}</bdi>
        </li>
      ))}
    </ul>
  );
}
