import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, ask } from "../../api/client.ts";
import { type Group, useGroup } from "../../api/group.ts";
import { useRights } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Form } from "../../ui/form.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { EmptyState, ErrorState, Loaded, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { WebhookFieldSet } from "./fields.tsx";
import {
  eventText,
  useWebhooks,
  type Webhook,
  type WebhookEvent,
  type WebhookFields,
  webhooksChanged,
} from "./queries.ts";

/** Who is told of what happens in the group. */
export default function Webhooks() {
  const { group, isLoading, error } = useGroup();
  const { may } = useRights(group);
  return (
    <Page
      title="Webhooks"
      description="Servers that are told what happens in the group, with signed messages."
      actions={group && may("owner") && <CreateWebhook group={group} />}
    >
      {isLoading && <Skeleton height="16rem" />}
      {error !== null && <ErrorState error={error} />}
      {group && (
        <Panel title={`Webhooks of ${group.name}`}>
          <List group={group} />
        </Panel>
      )}
    </Page>
  );
}

function List({ group }: { group: Group }) {
  return (
    <Loaded query={useWebhooks(group)} height="12rem">
      {(rows) => (
        <Table
          label="Webhooks"
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          rowHref={({ id }) => `/webhooks/${id}`}
          empty={
            <EmptyState title="No webhooks yet">
              One tells a chat or a pipeline that an upstream is down, or that a tag has moved.
            </EmptyState>
          }
        />
      )}
    </Loaded>
  );
}

const columns: readonly Column<Webhook>[] = [
  {
    id: "url",
    name: "URL",
    isName: true,
    cell: ({ url, description }) => (
      <span>
        <bdi>{url}</bdi>
        {description !== null && <bdi className="description check-text">{description}</bdi>}
      </span>
    ),
  },
  {
    id: "events",
    name: "Told of",
    cell: ({ events }) =>
      events.length === 1 ? eventText(events[0] ?? "") : `${events.length} kinds of events`,
  },
  { id: "state", name: "State", cell: (webhook) => <WebhookState webhook={webhook} /> },
  {
    id: "delivered",
    name: "Last delivered",
    cell: (webhook) => <RelativeTime time={webhook.last_delivered_at} />,
  },
];

export function WebhookState({ webhook }: { webhook: Webhook }) {
  const { enabled, failing_since: failing } = webhook;
  if (!enabled) return <Badge tone="bad">Switched off</Badge>;
  return failing === null ? <Badge tone="good">On</Badge> : <Badge tone="warn">Failing</Badge>;
}

function CreateWebhook({ group }: { group: Group }) {
  return (
    <Dialog
      title={`New webhook of ${group.name}`}
      trigger={
        <Button variant="primary" icon="plus">
          New webhook
        </Button>
      }
    >
      {(close) => <CreateForm group={group} close={close} />}
    </Dialog>
  );
}

function CreateForm({ group, close }: { group: Group; close: () => void }) {
  const [, navigate] = useLocation();
  const [chosen, setChosen] = useState<WebhookEvent[]>(["*"]);
  const making = useMutation({
    mutationFn: (body: WebhookFields) =>
      ask(
        api.POST("/api/v4/groups/{id}/-/virtual_registries/webhooks", {
          params: { path: { id: String(group.id) } },
          body,
        }),
      ),
    onSuccess: async ({ id }) => {
      await webhooksChanged();
      close();
      navigate(`/webhooks/${id}`);
    },
  });
  return (
    <Form
      action="Create webhook"
      isPending={making.isPending}
      error={making.error}
      beside={<Button onPress={close}>Cancel</Button>}
      onSubmit={({ url = "", secret = "", name, description, ca, enabled }) =>
        making.mutate({
          url,
          secret,
          events: chosen,
          enabled: enabled !== undefined,
          ...(name && { name }),
          ...(description && { description }),
          ...(ca && { ca }),
        })
      }
    >
      <WebhookFieldSet chosen={chosen} onChoose={setChosen} />
    </Form>
  );
}
