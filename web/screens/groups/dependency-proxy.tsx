import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, askTagged, ifMatch } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import type { components } from "../../api/schema.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { type Edited, Editing } from "../../ui/editing.tsx";
import { EditingForm } from "../../ui/editing-form.tsx";
import { Checkbox, TextField } from "../../ui/fields.tsx";
import type { Values } from "../../ui/form.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { toast } from "../../ui/toast.tsx";

type Schemas = components["schemas"];
type Settings = Schemas["DependencyProxySettings"];
type Ttl = Schemas["TtlPolicy"];

const paramsOf = ({ id }: Group) => ({ path: { id: String(id) } });
const keyOf = (group: Group, part: string) => ["groups", "id", group.id, "dependency proxy", part];

/** The Dependency Proxy that each group has. */
export function DependencyProxyPanel({ group }: { group: Group }) {
  const params = paramsOf(group);
  return (
    <Panel title="Dependency Proxy" actions={<Empty group={group} />}>
      <h3>Switch, and login at the upstream</h3>
      <Editing
        queryKey={keyOf(group, "settings")}
        read={(signal) =>
          askTagged(api.GET("/api/v4/groups/{id}/dependency_proxy/settings", { params, signal }))
        }
        height="18rem"
      >
        {(edited) => <SettingsForm group={group} edited={edited} />}
      </Editing>
      <h3>What nobody pulls</h3>
      <Editing
        queryKey={keyOf(group, "ttl")}
        read={(signal) =>
          askTagged(api.GET("/api/v4/groups/{id}/dependency_proxy/ttl_policy", { params, signal }))
        }
        height="12rem"
      >
        {(edited) => <TtlForm group={group} edited={edited} />}
      </Editing>
    </Panel>
  );
}

function SettingsForm({ group, edited }: { group: Group; edited: Edited<Settings> }) {
  const { first, tag, saved } = edited;
  const [round, setRound] = useState(0);
  const saving = useMutation({
    mutationFn: ({ enabled, identity = "", secret = "" }: Values) => {
      // The login is changed as a whole: without a new secret it stays, unless its name is taken out.
      const isNew = secret !== "" || identity !== (first.identity ?? "");
      const login = { identity: identity || null, secret: secret || null };
      return ask(
        api.PUT("/api/v4/groups/{id}/dependency_proxy/settings", {
          params: paramsOf(group),
          headers: ifMatch(tag),
          body: { enabled: enabled !== undefined, ...(isNew && login) },
        }),
      );
    },
    onSuccess: async () => {
      await saved();
      setRound(round + 1);
      toast("The Dependency Proxy is changed.");
    },
  });
  return (
    <EditingForm
      edited={edited}
      saving={saving}
      action="Save"
      words={{ enabled: "Switched on", identity: "User name" }}
      onSubmit={(values) => saving.mutate(values)}
    >
      <Checkbox
        name="enabled"
        label="Switched on"
        description="Off, it looks as if it were not there; its cache is kept."
        defaultSelected={first.enabled}
      />
      <TextField
        name="identity"
        label="User name at the upstream (optional)"
        defaultValue={first.identity ?? ""}
        autoComplete="off"
      />
      <TextField
        key={round}
        name="secret"
        label="Password or token there"
        type="password"
        description="Never shown. Empty, with the same user name: it stays."
        autoComplete="new-password"
      />
    </EditingForm>
  );
}

function TtlForm({ group, edited }: { group: Group; edited: Edited<Ttl> }) {
  const { first, tag, saved } = edited;
  const saving = useMutation({
    mutationFn: ({ enabled, ttl = "" }: Values) =>
      ask(
        api.PUT("/api/v4/groups/{id}/dependency_proxy/ttl_policy", {
          params: paramsOf(group),
          headers: ifMatch(tag),
          body: { enabled: enabled !== undefined, ttl: Number(ttl) },
        }),
      ),
    onSuccess: async () => {
      await saved();
      toast("The policy is changed.");
    },
  });
  return (
    <EditingForm
      edited={edited}
      saving={saving}
      action="Save policy"
      words={{ enabled: "On", ttl: "Days" }}
      onSubmit={(values) => saving.mutate(values)}
    >
      <Checkbox
        name="enabled"
        label="Delete what nobody pulls"
        description="From then on it does not count any more, and is deleted within a day."
        defaultSelected={first.enabled}
      />
      <TextField
        name="ttl"
        label="After so many days"
        type="number"
        defaultValue={String(first.ttl)}
        isRequired
      />
    </EditingForm>
  );
}

function Empty({ group }: { group: Group }) {
  const confirm = async () => {
    const params = paramsOf(group);
    await ask(api.DELETE("/api/v4/groups/{id}/dependency_proxy/cache", { params }));
    toast("The cache of the Dependency Proxy is being emptied.");
  };
  return (
    <ConfirmDialog
      title="Empty the cache of the Dependency Proxy?"
      action="Empty the cache"
      typed={group.full_path}
      trigger={<Button icon="trash">Empty its cache</Button>}
      onConfirm={confirm}
    >
      All that is cached for <bdi>{group.full_path}</bdi> goes; what is pulled again is fetched from
      the upstream again.
    </ConfirmDialog>
  );
}
