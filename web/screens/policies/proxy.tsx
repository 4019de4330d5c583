import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, ifMatch } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { queries } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { type Edited, Editing, News } from "../../ui/editing.tsx";
import { Checkbox, TextField } from "../../ui/fields.tsx";
import { Form, type Values } from "../../ui/form.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { groupParams, type ProxySettings, readProxy, readTtl, type TtlPolicy } from "./queries.ts";

const settingsPath = "/api/v4/groups/{id}/dependency_proxy/settings";
const ttlPath = "/api/v4/groups/{id}/dependency_proxy/ttl_policy";

/** The Dependency Proxy of the group: its switch and login, how long it keeps what it has, and the end of all that. */
export function ProxyPanels({ group, mayChange }: { group: Group; mayChange: boolean }) {
  if (!mayChange) return <ReadOnly group={group} />;
  const key = ["dependency proxy", group.id];
  return (
    <Panel title="Dependency Proxy" actions={<Empty group={group} />}>
      <p className="muted">
        The other road to one public registry: <code>{`…/${group.full_path}/…`}</code>. It has a
        switch, a login and a cache of its own.
      </p>
      <Editing queryKey={key} read={(signal) => readProxy(group, signal)} height="22rem">
        {(edited) => <SettingsForm group={group} edited={edited} />}
      </Editing>
      <h3>How long it keeps</h3>
      <Editing queryKey={[...key, "ttl"]} read={(signal) => readTtl(group, signal)} height="14rem">
        {(edited) => <TtlForm group={group} edited={edited} />}
      </Editing>
    </Panel>
  );
}

/** For who has signed in by a token that only reads. */
function ReadOnly({ group }: { group: Group }) {
  const query = useQuery({
    queryKey: ["dependency proxy", group.id, "seen"],
    queryFn: async ({ signal }) => {
      const [settings, ttl] = await Promise.all([readProxy(group, signal), readTtl(group, signal)]);
      return { settings: settings.data, ttl: ttl.data };
    },
  });
  return (
    <Panel title="Dependency Proxy">
      <Loaded query={query} height="8rem">
        {({ settings, ttl }) => (
          <dl className="facts">
            <dt>State</dt>
            <dd>{settings.enabled ? "Switched on" : "Switched off"}</dd>
            <dt>Login</dt>
            <dd>{settings.identity === null ? "none" : <bdi>{settings.identity}</bdi>}</dd>
            <dt>Keeps</dt>
            <dd>{ttl.enabled ? `what was pulled in the last ${ttl.ttl} days` : "everything"}</dd>
          </dl>
        )}
      </Loaded>
    </Panel>
  );
}

function SettingsForm({ group, edited }: { group: Group; edited: Edited<ProxySettings> }) {
  const { first, tag, reload, saved } = edited;
  const [round, setRound] = useState(0);
  const saving = useMutation({
    mutationFn: ({ enabled, identity = "", secret = "" }: Values) =>
      ask(
        api.PUT(settingsPath, {
          params: groupParams(group),
          headers: ifMatch(tag),
          body: {
            enabled: enabled !== undefined,
            // With the same user name and no password the login stays as it is.
            ...((identity !== (first.identity ?? "") || secret !== "") && {
              identity: identity || null,
              secret: secret || null,
            }),
          },
        }),
      ),
    onSuccess: async () => {
      toast("The Dependency Proxy is changed.");
      await saved();
      setRound(round + 1);
    },
  });
  return (
    <Form
      key={round}
      action="Save"
      isPending={saving.isPending}
      error={saving.error}
      onReload={reload}
      onSubmit={(values) => saving.mutate(values)}
    >
      <Checkbox
        name="enabled"
        label="Switched on"
        defaultSelected={first.enabled}
        description="Switched off, it looks as if it were not there. What is cached is kept."
      />
      <TextField
        name="identity"
        label="User name at the upstream (optional)"
        defaultValue={first.identity ?? ""}
        autoComplete="off"
        description="Empty, with an empty password: no login."
      />
      <TextField
        name="secret"
        label="Password or token"
        type="password"
        autoComplete="new-password"
        description={
          first.identity === null
            ? "It is kept encrypted, and never shown again."
            : "One is set, and never shown. Empty: it stays, as long as the user name does."
        }
      />
      {!saving.isSuccess && (
        <News edited={edited} words={{ enabled: "Switched on", identity: "User name" }} />
      )}
    </Form>
  );
}

function TtlForm({ group, edited }: { group: Group; edited: Edited<TtlPolicy> }) {
  const { first, tag, reload, saved } = edited;
  const saving = useMutation({
    mutationFn: ({ enabled, ttl = "" }: Values) =>
      ask(
        api.PUT(ttlPath, {
          params: groupParams(group),
          headers: ifMatch(tag),
          body: {
            enabled: enabled !== undefined,
            ttl: ttl.trim() === "" ? Number.NaN : Number(ttl),
          },
        }),
      ),
    onSuccess: async () => {
      toast("The TTL policy is changed.");
      await saved();
    },
  });
  return (
    <Form
      action="Save TTL policy"
      isPending={saving.isPending}
      error={saving.error}
      onReload={reload}
      onSubmit={(values) => saving.mutate(values)}
    >
      <Checkbox
        name="enabled"
        label="Give up what is not pulled any more"
        defaultSelected={first.enabled}
        description="At once: what is older than that counts no more from the moment this is saved."
      />
      <TextField
        name="ttl"
        label="After so many days without a pull"
        defaultValue={String(first.ttl)}
        inputMode="numeric"
        isRequired
      />
      {!saving.isSuccess && (
        <News edited={edited} words={{ enabled: "Switched on", ttl: "Days" }} />
      )}
    </Form>
  );
}

function Empty({ group }: { group: Group }) {
  const empty = async () => {
    await ask(
      api.DELETE("/api/v4/groups/{id}/dependency_proxy/cache", { params: groupParams(group) }),
    );
    toast("The cache of the Dependency Proxy is emptied. What is much goes on behind the answer.");
    await queries.invalidateQueries({ queryKey: ["statistics"] });
  };
  return (
    <ConfirmDialog
      title="Empty the cache of the Dependency Proxy?"
      action="Empty the cache"
      typed={group.full_path}
      trigger={<Button icon="trash">Empty its cache</Button>}
      onConfirm={empty}
    >
      <p>
        All that the Dependency Proxy of this group has cached goes; pinned entries stay. There is
        no undo: what is pulled again is fetched from the upstream again, and counts against its
        rate limit.
      </p>
    </ConfirmDialog>
  );
}
