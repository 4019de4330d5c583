import type { Group } from "../../api/group.ts";
import { Endless } from "../../ui/endless.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { type Delivery, eventText, useDeliveries, type Webhook } from "./queries.ts";
import { TestButton } from "./test-button.tsx";

const tones = { pending: "neutral", delivered: "good", failed: "bad" } as const;
const words = { pending: "Waiting", delivered: "Delivered", failed: "Given up" };

/** What a webhook was told in the last days, and how that went. */
export function Deliveries({
  group,
  webhook,
  mayChange,
}: {
  group: Group;
  webhook: Webhook;
  mayChange: boolean;
}) {
  return (
    <Panel title="Deliveries" actions={mayChange && <TestButton group={group} webhook={webhook} />}>
      <Endless
        query={useDeliveries(group, webhook.id)}
        height="12rem"
        empty={
          <EmptyState title="Nothing was sent in the last seven days">
            A test shows whether messages come through.
          </EmptyState>
        }
      >
        {(rows) => (
          <Table isAll label="Deliveries" columns={columns} rows={rows} rowKey={({ id }) => id} />
        )}
      </Endless>
    </Panel>
  );
}

const columns: readonly Column<Delivery>[] = [
  {
    id: "event",
    name: "Event",
    isName: true,
    cell: ({ event, body }) => (
      <details>
        <summary>{eventText(event)}</summary>
        <pre className="delivery-body">{JSON.stringify(body, undefined, 2)}</pre>
      </details>
    ),
  },
  {
    id: "status",
    name: "State",
    cell: (delivery) => (
      <span>
        <Badge tone={tones[delivery.status]}>{words[delivery.status]}</Badge>
        <span className="small muted check-text">{reasonOf(delivery)}</span>
      </span>
    ),
  },
  { id: "attempts", name: "Attempts", isNumber: true, cell: ({ attempts }) => attempts },
  { id: "at", name: "Happened", cell: (delivery) => <RelativeTime time={delivery.created_at} /> },
  {
    id: "next",
    name: "Next attempt",
    cell: (delivery) => <RelativeTime time={delivery.next_attempt_at} never="–" />,
  },
];

function reasonOf({ response_status: status, reason }: Delivery): string {
  if (status !== null && reason !== null) return `${status}, ${reason}`;
  return reason ?? (status === null ? "" : `answered ${status}`);
}
