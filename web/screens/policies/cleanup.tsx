import { useMutation } from "@tanstack/react-query";
import { api, ask, ifMatch, tagOfSeen } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { queries } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { type Edited, Editing } from "../../ui/editing.tsx";
import { EditingForm } from "../../ui/editing-form.tsx";
import { Form } from "../../ui/form.tsx";
import { bytesText, countText, RelativeTime } from "../../ui/format.tsx";
import { Badge, Panel, type Tone } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { CleanupFieldSet, defaults, fieldsOf } from "./cleanup-fields.tsx";
import {
  type CleanupFields,
  cleanupKey,
  type CleanupPolicy,
  groupParams,
  readCleanup,
  useCleanup,
} from "./queries.ts";

const path = "/api/v4/groups/{id}/-/virtual_registries/cleanup/policy";
/** Gives up, every so many days, what nobody has pulled for long. */
export function CleanupPanel({ group, mayChange }: { group: Group; mayChange: boolean }) {
  const policy = useCleanup(group);
  return (
    <Panel
      title="Cleanup"
      actions={policy.data && mayChange && <Remove group={group} policy={policy.data} />}
    >
      <p className="muted">
        Deletes what nobody has pulled for some days. What is pinned stays, and what a tag that is
        pulled leads to counts as pulled with it.
      </p>
      <Loaded query={policy} height="26rem">
        {(found) => (
          <>
            {found && <State policy={found} />}
            {mayChange && !found && <Create group={group} />}
            {!mayChange && !found && <p>There is no cleanup policy.</p>}
            {mayChange && found && (
              <Editing
                queryKey={cleanupKey(group)}
                read={(signal) => readCleanup(group, signal)}
                height="22rem"
              >
                {(edited) => <Change group={group} edited={edited} />}
              </Editing>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

const states: Record<CleanupPolicy["status"], { tone: Tone; text: string }> = {
  scheduled: { tone: "good", text: "Switched on" },
  running: { tone: "accent", text: "Runs now" },
  failed: { tone: "bad", text: "The last run failed" },
};

function State({ policy }: { policy: CleanupPolicy }) {
  const { enabled, status, last_run_at: last, next_run_at: next } = policy;
  const { tone, text } = states[status];
  const deleted = policy.last_run_deleted_entries_count;
  return (
    <>
      <dl className="facts">
        <dt>State</dt>
        <dd>{enabled ? <Badge tone={tone}>{text}</Badge> : <Badge>Switched off</Badge>}</dd>
        <dt>Next run</dt>
        <dd>{enabled ? <RelativeTime time={next} /> : "none while it is switched off"}</dd>
        <dt>Last run</dt>
        <dd>
          <RelativeTime time={last} />
          {last !== null &&
            `: ${countText(deleted)} entries of ${bytesText(policy.last_run_deleted_size)} deleted`}
        </dd>
        <dt>Keeps</dt>
        <dd>what was pulled in the last {countText(policy.keep_n_days_after_download)} days</dd>
      </dl>
      {status === "failed" && policy.failure_message !== null && (
        <div className="note bad">
          <div>
            <p className="note-title">Why the last run failed</p>
            <p>
              <bdi>{policy.failure_message}</bdi>
            </p>
          </div>
        </div>
      )}
    </>
  );
}

function Create({ group }: { group: Group }) {
  const creating = useMutation({
    mutationFn: (body: CleanupFields) => ask(api.POST(path, { params: groupParams(group), body })),
    onSuccess: async ({ enabled }) => {
      toast(enabled ? "The cleanup is switched on." : "The policy is saved, and switched off.");
      await queries.invalidateQueries({ queryKey: cleanupKey(group) });
    },
  });
  return (
    <Form
      action="Create policy"
      isPending={creating.isPending}
      error={creating.error}
      onSubmit={(values) => creating.mutate(fieldsOf(values))}
    >
      <CleanupFieldSet group={group} policy={defaults} />
    </Form>
  );
}

const words = {
  enabled: "Switched on",
  keep_n_days_after_download: "Days",
  cadence: "Every so many days",
  notify_on_success: "Runs that succeed on record",
  notify_on_failure: "Runs that fail on record",
};

function Change({ group, edited }: { group: Group; edited: Edited<CleanupPolicy> }) {
  const { first, tag, saved } = edited;
  const saving = useMutation({
    mutationFn: (body: CleanupFields) =>
      ask(api.PATCH(path, { params: groupParams(group), headers: ifMatch(tag), body })),
    onSuccess: async () => {
      toast("The cleanup policy is changed.");
      await saved();
      await queries.invalidateQueries({ queryKey: cleanupKey(group) });
    },
  });
  return (
    <EditingForm
      edited={edited}
      saving={saving}
      action="Save cleanup policy"
      words={words}
      onSubmit={(values) => saving.mutate(fieldsOf(values))}
    >
      <CleanupFieldSet group={group} policy={first} />
    </EditingForm>
  );
}

function Remove({ group, policy }: { group: Group; policy: CleanupPolicy }) {
  const remove = async () => {
    const params = groupParams(group);
    const { enabled, cadence, keep_n_days_after_download } = policy;
    const seen = { enabled, cadence, keep_n_days_after_download };
    const headers = ifMatch(await tagOfSeen(seen, api.GET(path, { params })));
    await ask(api.DELETE(path, { params, headers }));
    toast("The cleanup policy is deleted.");
    await queries.invalidateQueries({ queryKey: cleanupKey(group) });
  };
  return (
    <ConfirmDialog
      title="Delete the cleanup policy?"
      action="Delete policy"
      trigger={<Button icon="trash">Delete</Button>}
      onConfirm={remove}
    >
      {policy.status === "running" && "The run that is under way ends. "}
      Nothing is deleted for its age any more; what is cached stays.
    </ConfirmDialog>
  );
}
