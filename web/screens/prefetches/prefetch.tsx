import { useLocation, useParams } from "wouter";
import { api, ask } from "../../api/client.ts";
import { useEvents } from "../../api/events.ts";
import { useGroupOf } from "../../api/group.ts";
import { queries } from "../../api/queries.ts";
import { useMayChange } from "../../api/rights.ts";
import { told } from "../../api/told.ts";
import { NotFound } from "../../shell/not-found.tsx";
import { type Crumb, Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { bytesText, countText, RelativeTime } from "../../ui/format.tsx";
import { Badge, Panel, type Tone } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";
import {
  eventsUrl,
  type Prefetch,
  prefetchesChanged,
  type PrefetchImage,
  prefetchKey,
  usePrefetch,
} from "./queries.ts";
import { PrefetchState, Progress, When } from "./state.tsx";

const crumbs: Crumb[] = [{ title: "Prefetches", to: "/prefetches" }];

/** One prefetch, and how far it has come, as it comes. */
export default function PrefetchScreen() {
  const { id: text } = useParams<{ id: string }>();
  if (!/^\d{1,15}$/.test(text)) return <NotFound />;
  return <Known key={text} id={Number(text)} />;
}

function Known({ id }: { id: number }) {
  const prefetch = usePrefetch(id);
  const { data } = prefetch;
  useGroupOf(data?.group_id);
  useProgress(data);
  const mayChange = useMayChange(data?.group_id);
  return (
    <Page
      title={`Prefetch ${id}`}
      crumbs={crumbs}
      actions={data && mayChange && <End prefetch={data} />}
    >
      <Loaded query={prefetch} height="30rem">
        {(found) => (
          <>
            <Panel title="Progress" actions={<PrefetchState prefetch={found} />}>
              <Progress prefetch={found} />
              <dl className="facts">
                <dt>Runs</dt>
                <dd>
                  <When prefetch={found} />
                </dd>
                <dt>Last run</dt>
                <dd>
                  <RelativeTime time={found.last_run_at} />
                </dd>
                <dt>Platforms</dt>
                <dd>{found.platforms.join(", ")}</dd>
              </dl>
            </Panel>
            <Panel title="Images">
              <Table
                label="Images"
                columns={columns}
                rows={found.images}
                rowKey={({ image }) => image}
              />
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}

const soonMs = 60_000;

/** Follows a run to its end, and from a moment before it begins. */
function useProgress(prefetch: Prefetch | undefined): void {
  const seen = (data: unknown) => {
    const next = data as Prefetch;
    told(prefetchKey(next.id), () => next);
  };
  const url = prefetch && isUnderWay(prefetch) ? eventsUrl(prefetch.id) : undefined;
  useEvents(url, { progress: seen, end: seen });
}

function isUnderWay({ status, next_run_at: next }: Prefetch): boolean {
  if (status === "running") return true;
  const isSoon = next === null || new Date(next).getTime() < Date.now() + soonMs;
  return status === "scheduled" && isSoon;
}

const states: Record<PrefetchImage["status"], { tone: Tone; text: string }> = {
  pending: { tone: "neutral", text: "Waits" },
  done: { tone: "good", text: "Cached" },
  failed: { tone: "bad", text: "Not cached" },
};

const columns: readonly Column<PrefetchImage>[] = [
  { id: "image", name: "Image", isName: true, cell: ({ image }) => <bdi>{image}</bdi> },
  {
    id: "state",
    name: "State",
    cell: ({ status, reason, retry_at: retry }) => (
      <span>
        <Badge tone={states[status].tone}>{states[status].text}</Badge>
        {reason !== null && <bdi className="description check-text">{reason}</bdi>}
        {retry !== null && (
          <span className="description check-text">
            tried again <RelativeTime time={retry} />
          </span>
        )}
      </span>
    ),
  },
  {
    id: "objects",
    name: "Objects",
    isNumber: true,
    cell: ({ objects }) => `${countText(objects.done)} of ${countText(objects.total)}`,
  },
  {
    id: "bytes",
    name: "Bytes",
    isNumber: true,
    cell: ({ bytes }) => `${bytesText(bytes.done)} of ${bytesText(bytes.total)}`,
  },
];

function End({ prefetch: { id, status, registry_id: registryId } }: { prefetch: Prefetch }) {
  const [, navigate] = useLocation();
  const isRunning = status === "running";
  const end = async () => {
    await ask(
      api.DELETE("/api/v4/virtual_registries/container/prefetches/{id}", {
        params: { path: { id } },
      }),
    );
    toast("The prefetch is deleted.");
    navigate(`/prefetches?registry=${registryId}`);
    queries.removeQueries({ queryKey: prefetchKey(id) });
    await prefetchesChanged();
  };
  return (
    <ConfirmDialog
      title={isRunning ? "Cancel this prefetch?" : "Delete this prefetch?"}
      action={isRunning ? "Cancel prefetch" : "Delete prefetch"}
      trigger={<Button icon="trash">{isRunning ? "Cancel" : "Delete"}</Button>}
      onConfirm={end}
    >
      {isRunning ? "The run ends. " : "It does not run again. "}
      What it has brought stays in the cache.
    </ConfirmDialog>
  );
}
