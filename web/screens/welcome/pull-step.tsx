import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { usePullHost } from "../../api/address.ts";
import { api, ask } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Segments } from "../../ui/segments.tsx";
import { ErrorNote } from "../../ui/states.tsx";
import { Snippets } from "../registry/client-setup.tsx";
import { setups, shellWord } from "../registries/clients.ts";
import { exampleImage } from "../registries/presets.ts";
import { type Registry, useUpstreamsOf } from "../registries/queries.ts";
import { leaveWelcome } from "./left.ts";
import { pullsOf } from "./offer.tsx";

interface PullStepProps {
  groupId: number;
  registry: Registry;
  token: string | undefined;
  onBack: () => void;
}

/** What needs no file to be written first. */
const offered = ["docker", "podman", "skopeo"];

/** The commands, and whether they have worked. */
export function PullStep({ groupId, registry, token, onBack }: PullStepProps) {
  const at = usePullHost();
  const username = useStore(me)?.user.username ?? "ci";
  const example = exampleImage(useUpstreamsOf(registry.id).data?.[0]?.url);
  const [typed, setTyped] = useState<string>();
  const [client, setClient] = useState("docker");
  const all = setups({
    at,
    registryId: registry.id,
    image: (typed ?? example).trim() || example,
    username,
    ...(token !== undefined && { token: shellWord(token) }),
  }).filter(({ id }) => offered.includes(id));
  const chosen = all.find(({ id }) => id === client);
  return (
    <Panel title="The first pull">
      <Segments
        label="Client"
        choices={all.map(({ id, name }) => ({ id, label: name }))}
        value={client}
        onChange={setClient}
      />
      <div className="choose">
        <TextField
          label="Image"
          description="As its upstream calls it."
          value={typed ?? example}
          onChange={setTyped}
          autoComplete="off"
        />
      </div>
      {chosen && <Snippets setup={chosen} />}
      {token === undefined && (
        <p className="muted small">$TOKEN is an access token that you have.</p>
      )}
      <Watch groupId={groupId} registryId={registry.id} />
      <div className="row">
        <Button variant="quiet" onPress={onBack}>
          Back
        </Button>
      </div>
    </Panel>
  );
}

const watchMs = 2000;

/** Looks for a pull that was not there when this was opened. */
function Watch({ groupId, registryId }: { groupId: number; registryId: number }) {
  const [before, setBefore] = useState<number>();
  const id = String(groupId);
  const summary = useQuery({
    queryKey: ["statistics", id, "watched"],
    staleTime: 0,
    gcTime: 0,
    refetchInterval: watchMs,
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/statistics", {
          params: { path: { id } },
          signal,
        }),
      ),
  });
  const pulls = summary.data && pullsOf(summary.data);
  if (pulls !== undefined && before === undefined) setBefore(pulls);
  const isDone = pulls !== undefined && before !== undefined && pulls > before;
  useEffect(() => {
    if (!isDone) return;
    leaveWelcome();
    // The overview is not to begin with what it knew before.
    queries.removeQueries({ queryKey: ["statistics", id], type: "inactive" });
  }, [isDone, id]);
  return (
    <div role="status">
      {isDone ? (
        <Done id={id} registryId={registryId} />
      ) : (
        <div className="note">
          <span className="spinner" aria-hidden="true" />
          <div>
            <p className="note-title">Waiting for a pull…</p>
            <p>Run the commands above; it is seen here within some seconds.</p>
            <Hints />
          </div>
        </div>
      )}
      {summary.error && !isDone && (
        <ErrorNote title="Whether something was pulled is not known" error={summary.error} />
      )}
    </div>
  );
}

function Done({ id, registryId }: { id: string; registryId: number }) {
  const top = useQuery({
    queryKey: ["statistics", id, "repositories", "watched"],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/statistics/repositories", {
          params: { path: { id }, query: { limit: 1 } },
          signal,
        }),
      ),
  });
  const repository = top.data?.[0]?.repository;
  return (
    <div className="note good">
      <Icon name="check" size={18} />
      <div>
        <p className="note-title">
          {repository ? (
            <>
              Pulled: <bdi>{repository}</bdi>
            </>
          ) : (
            "It was pulled"
          )}
        </p>
        <p>It is cached now: the next pull of it does not wait for the upstream.</p>
        <div className="row">
          <Link to="/" className="button">
            To the overview
          </Link>
          <Link to={`/registries/${registryId}`} className="button">
            Set up more clients
          </Link>
        </div>
      </div>
    </div>
  );
}

function Hints() {
  return (
    <details>
      <summary>It does not work</summary>
      <ul>
        <li>
          “unauthorized”: log in again, with the token as the password. Any user name will do.
        </li>
        <li>
          “not found”: the image&apos;s name must be as its upstream calls it, behind the
          registry&apos;s address.
        </li>
        <li>No connection: this address must be reached from where the client runs.</li>
        <li>
          “server gave HTTP response to HTTPS client”: the server has no TLS, and the client must be
          told so.
        </li>
      </ul>
    </details>
  );
}
