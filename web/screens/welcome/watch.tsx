import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask } from "../../api/client.ts";
import { useEvents } from "../../api/events.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";
import { Icon } from "../../ui/icons.tsx";
import { Link } from "../../ui/link.tsx";
import { ErrorNote } from "../../ui/states.tsx";
import { leaveWelcome } from "./left.ts";
import { pullsOf } from "./offer.tsx";

type Pull = components["schemas"]["Pull"];

interface WatchProps {
  groupId: number;
  registryId: number;
}

/** Tells of the first pull since this was opened, and of those that fail, with the reason. */
export function Watch({ groupId, registryId }: WatchProps) {
  const latest = useLatestPull(groupId, registryId);
  const counted = useCountedPulls(groupId);
  const isSent = latest?.kind === "manifest" && latest.error === null;
  const isDone = isSent || counted.areMore;
  useEffect(() => {
    if (!isDone) return;
    leaveWelcome();
    // The overview is not to begin with what it knew before.
    queries.removeQueries({ queryKey: ["statistics", String(groupId)], type: "inactive" });
  }, [isDone, groupId]);
  return (
    <div role="status" className="stack">
      {isDone ? (
        <Done repository={isSent ? latest.repository : undefined} registryId={registryId} />
      ) : (
        <Waiting />
      )}
      {!isDone && latest?.error && <Failed pull={latest} registryId={registryId} />}
      {counted.error && !isDone && (
        <ErrorNote title="Whether something was pulled is not known" error={counted.error} />
      )}
    </div>
  );
}

/** The last pull that told something: one that failed, or one of a manifest. As the server that the page talks to sees it. */
function useLatestPull(groupId: number, registryId: number): Pull | undefined {
  const [latest, setLatest] = useState<Pull>();
  const filter = new URLSearchParams({ registry_id: String(registryId) });
  useEvents(`/api/v4/groups/${groupId}/-/virtual_registries/container/events?${filter}`, {
    pull: (data) => {
      const pull = data as Pull;
      if (pull.error !== null || pull.kind === "manifest") setLatest(pull);
    },
  });
  return latest;
}

const countMs = 2000;

/** Of several servers another one may have been asked: the statistics are of all. */
function useCountedPulls(groupId: number): { areMore: boolean; error: Error | null } {
  const id = String(groupId);
  const [before, setBefore] = useState<number>();
  const { data, error } = useQuery({
    queryKey: ["statistics", id, "watched"],
    staleTime: 0,
    gcTime: 0,
    refetchInterval: countMs,
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/statistics", {
          params: { path: { id } },
          signal,
        }),
      ),
  });
  const pulls = data && pullsOf(data);
  if (pulls !== undefined && before === undefined) setBefore(pulls);
  return { areMore: pulls !== undefined && before !== undefined && pulls > before, error };
}

function Waiting() {
  return (
    <div className="note">
      <span className="spinner" aria-hidden="true" />
      <div>
        <p className="note-title">Waiting for a pull…</p>
        <p>Run the commands above; it is seen here within some seconds.</p>
        <Hints />
      </div>
    </div>
  );
}

function Failed({
  pull: { repository, reference, error },
  registryId,
}: {
  pull: Pull;
  registryId: number;
}) {
  return (
    <div className="note bad">
      <Icon name="warn" size={18} />
      <div>
        <p className="note-title">
          The pull of{" "}
          <bdi>
            {repository}
            {reference !== null && `:${reference}`}
          </bdi>{" "}
          has failed
        </p>
        <p>
          <bdi>{error?.message}</bdi>
        </p>
        <p>
          What to do: <bdi>{error?.next}</bdi>.
        </p>
        <p>
          <Link to={`/registries/${registryId}`}>The upstreams of this registry</Link>
        </p>
      </div>
    </div>
  );
}

function Done({ repository, registryId }: { repository: string | undefined; registryId: number }) {
  return (
    <div className="note good">
      <Icon name="check" size={18} />
      <div>
        <p className="note-title">
          {repository === undefined ? (
            "It was pulled"
          ) : (
            <>
              Pulled: <bdi>{repository}</bdi>
            </>
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
