import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, askTagged, ifMatch } from "../../api/client.ts";
import { ApiError } from "../../api/errors.ts";
import { queries } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import {
  besideChanges,
  ChangesNote,
  type Edited,
  type Tagged,
  useEdited,
} from "../../ui/edited.tsx";
import { Form } from "../../ui/form.tsx";
import { toast } from "../../ui/toast.tsx";
import { ConnectionTest } from "../registries/connection-test.tsx";
import { registriesChanged, type UpstreamDetail } from "../registries/queries.ts";
import { typedName } from "../registries/typed.ts";
import { changesOf, fieldsOf, labels, type UpstreamChanges, type UpstreamForm } from "./fields.ts";
import {
  AccessFields,
  ChoosingFields,
  ConnectionFields,
  FreshnessFields,
} from "./settings-fields.tsx";

/** Everything that can be set of an upstream, but its login and its rules. */
export function SettingsForm({ newest }: { newest: Tagged<UpstreamDetail> }) {
  const edited = useEdited(newest, fieldsOf);
  const [isMoving, setMoving] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const save = useSave(edited);
  const submit = () => {
    const { changes, problems } = changesOf(edited.typed, edited.values);
    if (Object.keys(problems).length > 0) return setRefused(notSent(problems));
    setRefused(null);
    if (changes.url !== undefined) setMoving(true);
    else save.mutate(changes);
  };
  const { values, set, isDirty } = edited;
  const fields = { values, set };
  const isMoved = edited.typed.url !== undefined;
  return (
    <>
      <Form
        action="Save settings"
        isPending={save.isPending}
        error={besideChanges(refused ?? save.error, edited.changes)}
        onSubmit={() => isDirty && submit()}
        beside={
          isDirty && (
            <Button
              onPress={() => {
                edited.clear();
                setRefused(null);
                save.reset();
              }}
            >
              Undo what was typed
            </Button>
          )
        }
        onReload={() => void registriesChanged()}
      >
        <div className="settings">
          <ConnectionFields {...fields} isMoved={isMoved}>
            {isMoved && <TestAddress id={edited.base.data.id} url={values.url.trim()} />}
          </ConnectionFields>
          <FreshnessFields {...fields} />
          <ChoosingFields {...fields} />
          <AccessFields {...fields} />
        </div>
        <ChangesNote edited={edited} labels={labels} onRebase={() => save.reset()} />
      </Form>
      <Moving
        edited={edited}
        isOpen={isMoving}
        onOpenChange={setMoving}
        onConfirm={() => {
          const { changes } = changesOf(edited.typed, edited.values);
          // What is refused is told by the form, at its field.
          return save.mutateAsync(changes).catch(() => undefined);
        }}
      />
    </>
  );
}

/** The address that was typed, before it is saved. The stored login is for the former one, and does not go there. */
function TestAddress({ id, url }: { id: number; url: string }) {
  const run = () =>
    ask(
      api.POST("/api/v4/virtual_registries/container/upstreams/{id}/test", {
        params: { path: { id } },
        body: { url },
      }),
    );
  return <ConnectionTest label="Test this address" run={run} isDisabled={url === ""} />;
}

const notSent = (problems: Record<string, string[]>) =>
  new ApiError(
    400,
    "Some of what was typed cannot be saved: see above.",
    problems,
    null,
    undefined,
  );

function useSave(edited: Edited<UpstreamDetail, UpstreamForm>) {
  const { id } = edited.base.data;
  return useMutation({
    mutationFn: (body: UpstreamChanges) =>
      askTagged(
        api.PATCH("/api/v4/virtual_registries/container/upstreams/{id}", {
          params: { path: { id }, header: ifMatch(edited.base.tag) },
          body,
        }),
      ),
    onSuccess: async (answer) => {
      toast(`The settings of ${answer.data.name} are saved.`);
      edited.saved(answer);
      await registriesChanged();
    },
    onError: async (error) => {
      if (error instanceof ApiError && error.isConflict) {
        await queries.refetchQueries({ queryKey: ["upstream", id], exact: true });
      }
    },
  });
}

/** Another address takes along what belongs to the former one. */
function Moving({
  edited,
  ...dialog
}: {
  edited: Edited<UpstreamDetail, UpstreamForm>;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onConfirm: () => Promise<unknown>;
}) {
  const { id, name, username, url } = edited.base.data;
  return (
    <ConfirmDialog
      title="Another address for this upstream?"
      action="Save, and purge what is cached"
      typed={typedName(name, id)}
      {...dialog}
    >
      <p>
        From <bdi>{url}</bdi> to <bdi>{edited.values.url}</bdi>. All that is cached of it goes,
        pinned or not.
        {username !== null && " So does its login, which is for the former address alone."} There is
        no undo.
      </p>
    </ConfirmDialog>
  );
}

/** The same to look at. */
export function SettingsList({ upstream }: { upstream: UpstreamDetail }) {
  const values = fieldsOf(upstream);
  const said = (value: string | boolean) => {
    if (typeof value === "boolean") return value ? "yes" : "no";
    return value === "" ? <span className="muted">not set</span> : <bdi>{value}</bdi>;
  };
  return (
    <dl className="facts">
      {(Object.keys(labels) as (keyof UpstreamForm)[]).map((field) => (
        <div key={field} className="fact">
          <dt>{labels[field]}</dt>
          <dd>{said(values[field])}</dd>
        </div>
      ))}
    </dl>
  );
}
