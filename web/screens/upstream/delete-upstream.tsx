import { useQuery } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api, ask, ifMatch } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import type { Tagged } from "../../ui/edited.tsx";
import { Loaded } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { DeleteButton } from "../registries/delete-button.tsx";
import { Preview } from "../registries/purge.tsx";
import { registriesChanged, type UpstreamDetail } from "../registries/queries.ts";
import { typedName } from "../registries/typed.ts";
import { InRegistries } from "../upstreams/in-registries.tsx";

/** Deletes an upstream, and says before what goes along. */
export function DeleteUpstream({ newest: { data, tag } }: { newest: Tagged<UpstreamDetail> }) {
  const { id, name } = data;
  const [, navigate] = useLocation();
  const remove = async () => {
    await ask(
      api.DELETE("/api/v4/virtual_registries/container/upstreams/{id}", {
        params: { path: { id }, header: ifMatch(tag) },
      }),
    );
    toast(`${name} is deleted.`);
    navigate("/upstreams");
    queries.removeQueries({ queryKey: ["upstream", id] });
    await registriesChanged();
  };
  return (
    <DeleteButton
      title={`Delete ${name}?`}
      action="Delete upstream"
      typed={typedName(name, id)}
      onConfirm={remove}
    >
      <TakenAlong upstream={data} />
    </DeleteButton>
  );
}

function TakenAlong({ upstream: { id, group_id: groupId } }: { upstream: UpstreamDetail }) {
  const cache = useQuery({
    queryKey: ["upstream", id, "cache"],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/virtual_registries/container/upstreams/{id}/cache", {
          params: { path: { id }, query: { include_pinned: true } },
          signal,
        }),
      ),
  });
  return (
    <div className="stack">
      <p>All that is cached of it goes, its login, and its rules. There is no undo.</p>
      <Loaded query={cache} height="3rem">
        {(preview) => <Preview preview={preview} />}
      </Loaded>
      <div>
        <p>It is asked in:</p>
        <InRegistries id={id} groupId={groupId} />
      </div>
    </div>
  );
}
