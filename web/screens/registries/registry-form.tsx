import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, ask, ifMatch } from "../../api/client.ts";
import { ApiError } from "../../api/errors.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";
import { Select } from "../../ui/choices.tsx";
import { besideChanges, ChangesNote, type Tagged, useEdited } from "../../ui/edited.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { toast } from "../../ui/toast.tsx";
import { type Registry, registriesChanged, type RegistryDetail } from "./queries.ts";

type Changes = components["schemas"]["RegistryChanges"];

export function CreateRegistry({
  groupId,
  beside,
  onCreated,
}: {
  groupId: number;
  beside?: ReactNode;
  onCreated: (registry: Registry) => void;
}) {
  const create = useMutation({
    mutationFn: (body: { name: string; description: string }) =>
      ask(
        api.POST("/api/v4/groups/{id}/-/virtual_registries/container/registries", {
          params: { path: { id: String(groupId) } },
          body,
        }),
      ),
    onSuccess: async (made) => {
      toast(`The registry ${made.name} is made.`);
      onCreated(made);
      await registriesChanged();
    },
  });
  return (
    <Form
      action="Create registry"
      isPending={create.isPending}
      error={create.error}
      onSubmit={({ name = "", description = "" }) => create.mutate({ name, description })}
      beside={beside}
    >
      <TextField
        name="name"
        label="Name"
        description="For people; it is the only one of its name in the group. Clients go by its number."
        isRequired
        autoFocus
        autoComplete="off"
      />
      <TextField name="description" label="Description" autoComplete="off" />
    </Form>
  );
}

export const unsureChoices = [
  {
    id: "stop",
    label: "Stop",
    description: "The pull ends with an error: what a later upstream has may be something else.",
  },
  { id: "continue", label: "Go on", description: "The next upstream is asked." },
];

export const askChoices = [
  {
    id: "in_order",
    label: "One after the other",
    description: "A later upstream sees only what the former ones lack.",
  },
  {
    id: "parallel",
    label: "All at once",
    description: "Faster; the order decides among the answers. Each upstream sees every name.",
  },
];

const labels = {
  name: "Name",
  description: "Description",
  on_unsure: "Without a definite answer",
  ask: "How upstreams are asked",
};

const fieldsOf = ({ name, description, on_unsure, ask }: RegistryDetail) => ({
  name,
  description: description ?? "",
  on_unsure: on_unsure as string,
  ask: ask as string,
});

/** Settings of a registry; of what others change meanwhile nothing is written over. */
export function EditRegistry({
  newest,
  beside,
  onSaved,
}: {
  newest: Tagged<RegistryDetail>;
  beside: ReactNode;
  onSaved: () => void;
}) {
  const edited = useEdited(newest, fieldsOf);
  const { id } = edited.base.data;
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PATCH("/api/v4/virtual_registries/container/registries/{id}", {
          params: { path: { id }, header: ifMatch(edited.base.tag) },
          body: edited.typed as Changes,
        }),
      ),
    onSuccess: async ({ name }) => {
      toast(`The registry ${name} is changed.`);
      onSaved();
      await registriesChanged();
    },
    onError: async (error) => {
      const key = { queryKey: ["registry", id], exact: true };
      if (error instanceof ApiError && error.isConflict) await queries.refetchQueries(key);
    },
  });
  const { values, set } = edited;
  return (
    <Form
      action="Save"
      isPending={save.isPending}
      error={besideChanges(save.error, edited.changes)}
      onSubmit={() => (edited.isDirty ? save.mutate() : onSaved())}
      beside={beside}
      onReload={() => void registriesChanged()}
    >
      <TextField
        name="name"
        label={labels.name}
        value={values.name}
        onChange={(text) => set("name", text)}
        isRequired
      />
      <TextField
        name="description"
        label={labels.description}
        value={values.description}
        onChange={(text) => set("description", text)}
      />
      <Select
        label={labels.on_unsure}
        name="on_unsure"
        description="When an upstream is down, slow, or limits us, so that nobody knows whether it has the image."
        choices={unsureChoices}
        value={values.on_unsure}
        onChange={(choice) => set("on_unsure", choice)}
      />
      <Select
        label={labels.ask}
        name="ask"
        choices={askChoices}
        value={values.ask}
        onChange={(choice) => set("ask", choice)}
      />
      <ChangesNote edited={edited} labels={labels} onRebase={() => save.reset()} />
    </Form>
  );
}
