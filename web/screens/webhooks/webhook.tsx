import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation, useParams } from "wouter";
import { api, ask, ifMatch, tagOfSeen } from "../../api/client.ts";
import { type Group, useGroup } from "../../api/group.ts";
import { useRights } from "../../api/rights.ts";
import { type Crumb, Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { type Edited, Editing } from "../../ui/editing.tsx";
import { EditingForm } from "../../ui/editing-form.tsx";
import type { Values } from "../../ui/form.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { ErrorState, Loaded, Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { Deliveries } from "./deliveries.tsx";
import { WebhookFieldSet } from "./fields.tsx";
import { placeOf, readWebhook, type Webhook, webhooksChanged } from "./queries.ts";
import { WebhookState } from "./webhooks.tsx";

const crumbs: Crumb[] = [{ title: "Webhooks", to: "/webhooks" }];

/** One webhook: its settings, and how its messages come through. */
export default function WebhookScreen() {
  const id = Number(useParams()["id"]);
  const { group, isLoading, error } = useGroup();
  if (group) return <OfGroup key={`${group.id} ${id}`} group={group} id={id} />;
  return (
    <Page title="Webhook" crumbs={crumbs}>
      {isLoading ? <Skeleton height="30rem" /> : <ErrorState error={error} />}
    </Page>
  );
}

function OfGroup({ group, id }: { group: Group; id: number }) {
  const { may } = useRights(group);
  const webhook = useQuery({
    queryKey: ["webhooks", group.id, id],
    queryFn: async ({ signal }) => (await readWebhook(group, id, signal)).data,
    refetchInterval: 10_000,
  });
  const mayChange = may("owner");
  return (
    <Page
      title="Webhook"
      crumbs={crumbs}
      description={webhook.data && <bdi>{webhook.data.url}</bdi>}
      actions={webhook.data && mayChange && <Delete group={group} webhook={webhook.data} />}
    >
      <Loaded query={webhook} height="30rem">
        {(found) => (
          <>
            <Health webhook={found} />
            <Deliveries group={group} webhook={found} mayChange={mayChange} />
            {mayChange && (
              <Panel title="Settings">
                <Editing
                  queryKey={["webhooks", group.id, id]}
                  read={(signal) => readWebhook(group, id, signal)}
                  height="34rem"
                >
                  {(edited) => <SettingsForm group={group} edited={edited} />}
                </Editing>
              </Panel>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Health({ webhook }: { webhook: Webhook }) {
  const { failing_since: failing, disabled_reason: reason, dropped_count: dropped } = webhook;
  return (
    <div className="row">
      <WebhookState webhook={webhook} />
      {reason !== null && <span>{reason}</span>}
      {failing !== null && (
        <span>
          Nothing was taken since <RelativeTime time={failing} />
        </span>
      )}
      <span className="muted">
        Last delivered: <RelativeTime time={webhook.last_delivered_at} />
      </span>
      {dropped > 0 && (
        <span className="muted">{dropped} events were dropped: too many waited.</span>
      )}
    </div>
  );
}

const words = {
  url: "URL",
  name: "Name",
  description: "Description",
  events: "Told of",
  enabled: "Switched on",
};

function SettingsForm({ group, edited }: { group: Group; edited: Edited<Webhook> }) {
  const { first, tag, saved } = edited;
  const [chosen, setChosen] = useState(first.events);
  const [round, setRound] = useState(0);
  const saving = useMutation({
    mutationFn: ({ url = "", secret, name, description = "", ca = "", enabled }: Values) =>
      ask(
        api.PATCH("/api/v4/groups/{id}/-/virtual_registries/webhooks/{webhook_id}", {
          params: placeOf(group, first.id),
          headers: ifMatch(tag),
          body: {
            url,
            name: name || null,
            description: description || null,
            ca: ca || null,
            events: chosen,
            enabled: enabled !== undefined,
            ...(secret && { secret }),
          },
        }),
      ),
    onSuccess: async () => {
      await Promise.all([saved(), webhooksChanged()]);
      setRound(round + 1);
      toast("The webhook is changed.");
    },
  });
  return (
    <EditingForm
      edited={edited}
      saving={saving}
      action="Save webhook"
      words={words}
      onSubmit={(values) => saving.mutate(values)}
    >
      <WebhookFieldSet key={round} webhook={first} chosen={chosen} onChoose={setChosen} />
    </EditingForm>
  );
}

function Delete({ group, webhook }: { group: Group; webhook: Webhook }) {
  const [, navigate] = useLocation();
  const confirm = async () => {
    const path = "/api/v4/groups/{id}/-/virtual_registries/webhooks/{webhook_id}";
    const params = placeOf(group, webhook.id);
    const { updated_at } = webhook;
    const headers = ifMatch(await tagOfSeen({ updated_at }, api.GET(path, { params })));
    await ask(api.DELETE(path, { params, headers }));
    toast("The webhook is deleted.");
    navigate("/webhooks");
    await webhooksChanged();
  };
  return (
    <ConfirmDialog
      title="Delete this webhook?"
      action="Delete webhook"
      trigger={<Button icon="trash">Delete</Button>}
      onConfirm={confirm}
    >
      <p>
        <bdi>{webhook.url}</bdi> is told nothing more. Messages that wait for it, and the record of
        its deliveries, go and do not come back.
      </p>
    </ConfirmDialog>
  );
}
