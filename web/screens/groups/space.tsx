import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, askTagged, ifMatch } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";
import { type Edited, Editing } from "../../ui/editing.tsx";
import { EditingForm } from "../../ui/editing-form.tsx";
import { TextField } from "../../ui/fields.tsx";
import { bytesText } from "../../ui/format.tsx";
import { Gauge } from "../../ui/gauge.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { sizeOf, sizeText } from "../../ui/sizes.ts";
import { toast } from "../../ui/toast.tsx";

type Space = components["schemas"]["GroupSpace"];

const paramsOf = ({ id }: Group) => ({ path: { id: String(id) } });

/** How much of the cache the group takes, and may take. */
export function SpacePanel({ group, mayChange }: { group: Group; mayChange: boolean }) {
  const params = paramsOf(group);
  return (
    <Panel title="Space">
      <Editing
        queryKey={["groups", "id", group.id, "space"]}
        read={(signal) =>
          askTagged(api.GET("/api/v4/groups/{id}/-/virtual_registries/space", { params, signal }))
        }
        height={mayChange ? "12rem" : "4rem"}
      >
        {(edited) => (
          <div className="stack">
            <Taken space={edited.now} />
            {mayChange && <LimitForm group={group} edited={edited} />}
          </div>
        )}
      </Editing>
    </Panel>
  );
}

function Taken({ space: { cached_bytes: bytes, cache_max_bytes: most } }: { space: Space }) {
  if (most === null) return <p>{bytesText(bytes)} cached, without a limit.</p>;
  return (
    <>
      <p>
        {bytesText(bytes)} cached, of at most {bytesText(most)}.
      </p>
      <Gauge label="Space taken" value={bytes} most={most} />
    </>
  );
}

function LimitForm({ group, edited }: { group: Group; edited: Edited<Space> }) {
  const { first, tag, saved } = edited;
  const [isWrong, setWrong] = useState(false);
  const saving = useMutation({
    mutationFn: (bytes: number | null) =>
      ask(
        api.PUT("/api/v4/groups/{id}/-/virtual_registries/space", {
          params: paramsOf(group),
          headers: ifMatch(tag),
          body: { cache_max_bytes: bytes },
        }),
      ),
    onSuccess: async () => {
      await Promise.all([saved(), queries.invalidateQueries({ queryKey: ["space"] })]);
      toast("The limit is changed.");
    },
  });
  const submit = (text: string) => {
    const bytes = text.trim() === "" ? null : sizeOf(text);
    setWrong(bytes === undefined);
    if (bytes !== undefined) saving.mutate(bytes);
  };
  const most = first.cache_max_bytes;
  return (
    <EditingForm
      edited={edited}
      saving={saving}
      action="Save limit"
      words={{ cache_max_bytes: "At most" }}
      onSubmit={({ cache_max_bytes: text = "" }) => submit(text)}
    >
      <TextField
        name="cache_max_bytes"
        label="At most (optional)"
        defaultValue={most === null ? "" : sizeText(most)}
        description="As 100 GB. What was pulled longest ago goes first when there is more, within a minute. Empty: no limit."
      />
      {isWrong && (
        <p className="field-error" role="alert">
          This is no size: give it as 500 MB or 100 GB.
        </p>
      )}
    </EditingForm>
  );
}
