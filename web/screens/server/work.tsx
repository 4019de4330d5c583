import { countText, RelativeTime } from "../../ui/format.tsx";
import { Gauge } from "../../ui/gauge.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useWork, type Work } from "./queries.ts";

const names: Readonly<Record<string, string>> = {
  cleanup_policies: "Cleanup by policies",
  eviction: "Eviction of what is over a limit",
  expired_audit_events: "Deleting old audit events",
  expired_entries: "Deleting entries that are over",
  expired_statistics: "Deleting old statistics",
  expired_tokens: "Deleting tokens that have ended",
  expired_webhook_deliveries: "Deleting old deliveries of webhooks",
  leftovers: "Deleting what deleted things have left behind",
  prefetches: "Prefetches",
  purges: "Emptying of caches",
  scrub: "Looking through stored blobs",
  search_index: "Search index",
  stray_blobs: "Deleting stored files that no record has",
  expired_lists: "Deleting lists of tags and referrers that nobody asks for",
  quarantine: "Deleting damaged files that were put aside long ago",
  sweep: "Deleting blobs that nothing needs",
  webhook_deliveries: "Deliveries of webhooks",
};

const nameOf = ({ name }: Work) => names[name] ?? sentence(name);
const sentence = (name: string) =>
  (name[0] ?? "").toUpperCase() + name.slice(1).replaceAll("_", " ");

const tones = {
  scheduled: "neutral",
  waiting: "accent",
  running: "accent",
  failed: "bad",
} as const;
const words = {
  scheduled: "Scheduled",
  waiting: "Waits for its turn",
  running: "Running",
  failed: "Failed, is tried again",
};

const order = { failed: 0, running: 1, waiting: 2, scheduled: 3 } as const;

/** What the server does by itself. */
export function WorkPanel() {
  return (
    <Panel title="Background work">
      <Loaded query={useWork()} height="20rem">
        {(rows) => (
          <Table
            label="Background work"
            columns={columns}
            rows={rows}
            rowKey={({ name }) => name}
            sort={{ column: "status", direction: "ascending" }}
          />
        )}
      </Loaded>
    </Panel>
  );
}

const columns: readonly Column<Work>[] = [
  { id: "name", name: "Work", isName: true, cell: nameOf, sortBy: nameOf },
  {
    id: "status",
    name: "State",
    cell: ({ status, message }) => (
      <span>
        <Badge tone={tones[status]}>{words[status]}</Badge>
        {message !== null && <bdi className="small check-text">{message}</bdi>}
      </span>
    ),
    sortBy: ({ status }) => order[status],
  },
  { id: "progress", name: "Progress", cell: (work) => <Progress work={work} /> },
  { id: "last", name: "Last run", cell: (work) => <RelativeTime time={work.last_run_at} /> },
  {
    id: "next",
    name: "Next run",
    cell: (work) => <RelativeTime time={work.next_run_at} />,
    sortBy: (work) => work.next_run_at,
  },
];

function Progress({ work }: { work: Work }) {
  const { done, total } = work.progress;
  if (total === null || total === 0) {
    return <span className="numbers">{done === 0 ? "–" : `${countText(done)} done`}</span>;
  }
  return (
    <span className="small numbers">
      {countText(done)} of {countText(total)}
      <Gauge isWork label={`Progress of ${nameOf(work)}`} value={done} most={total} />
    </span>
  );
}
