import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { queries } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { bytesText } from "../../ui/format.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { sizeOf, sizeText } from "../../ui/sizes.ts";
import { Loaded } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";

const paramsOf = ({ id }: Group) => ({ path: { id: String(id) } });

/** The one switch for all of a group's registries. */
export function RegistriesSwitch({ group, mayChange }: { group: Group; mayChange: boolean }) {
  const queryKey = ["groups", "id", group.id, "virtual registries"];
  const settings = useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/settings", {
          params: paramsOf(group),
          signal,
        }),
      ),
  });
  const set = async (enabled: boolean) => {
    const body = { enabled };
    await ask(
      api.PUT("/api/v4/groups/{id}/-/virtual_registries/settings", {
        params: paramsOf(group),
        body,
      }),
    );
    await queries.invalidateQueries({ queryKey });
    toast(enabled ? "The registries are switched on." : "The registries are switched off.");
  };
  return (
    <Panel title="Registries of this group">
      <Loaded query={settings} height="3rem">
        {({ enabled }) => (
          <div className="row">
            <Badge tone={enabled ? "good" : "bad"}>
              {enabled ? "Switched on" : "Switched off"}
            </Badge>
            {mayChange && (
              <ConfirmDialog
                title={enabled ? "Switch the registries off?" : "Switch the registries on?"}
                action={enabled ? "Switch off" : "Switch on"}
                trigger={<Button>{enabled ? "Switch off" : "Switch on"}</Button>}
                onConfirm={() => set(!enabled)}
              >
                {enabled
                  ? "Every pull through a registry of the group is answered 404 from then on. Upstreams and what is cached are kept, and you can switch them on again."
                  : "Clients can pull through the registries of the group again."}
              </ConfirmDialog>
            )}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

/** How much of the cache the group takes, and may take. */
export function SpacePanel({ group, mayChange }: { group: Group; mayChange: boolean }) {
  const queryKey = ["groups", "id", group.id, "space"];
  const space = useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/space", {
          params: paramsOf(group),
          signal,
        }),
      ),
  });
  return (
    <Panel title="Space">
      <Loaded query={space} height="4rem">
        {({ cached_bytes: bytes, cache_max_bytes: most }) => (
          <div className="stack">
            <p>
              {bytesText(bytes)} cached,{" "}
              {most === null ? "without a limit." : `of ${bytesText(most)}.`}
            </p>
            {most !== null && <Meter label="Space taken" value={bytes} most={most} />}
            {mayChange && <LimitForm key={most} group={group} most={most} queryKey={queryKey} />}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function LimitForm({
  group,
  most,
  queryKey,
}: {
  group: Group;
  most: number | null;
  queryKey: readonly unknown[];
}) {
  const [problem, setProblem] = useState<string>();
  const saving = useMutation({
    mutationFn: (bytes: number | null) =>
      ask(
        api.PUT("/api/v4/groups/{id}/-/virtual_registries/space", {
          params: paramsOf(group),
          body: { cache_max_bytes: bytes },
        }),
      ),
    onSuccess: async () => {
      toast("The limit is changed.");
      await queries.invalidateQueries({ queryKey });
    },
  });
  return (
    <Form
      action="Save limit"
      isPending={saving.isPending}
      error={saving.error}
      onSubmit={({ cache_max_bytes: text = "" }) => {
        const bytes = text.trim() === "" ? null : sizeOf(text);
        setProblem(bytes === undefined ? "Give a size as 500 MB or 100 GB." : undefined);
        if (bytes !== undefined) saving.mutate(bytes);
      }}
    >
      <TextField
        name="cache_max_bytes"
        label="At most (optional)"
        defaultValue={most === null ? "" : sizeText(most)}
        description="As 100 GB. What was pulled longest ago goes first when there is more, within a minute. Empty: no limit."
        isInvalid={problem !== undefined}
      />
      {problem !== undefined && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
    </Form>
  );
}
