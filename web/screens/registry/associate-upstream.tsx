import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { ComboBox } from "../../ui/choices.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Form } from "../../ui/form.tsx";
import { useSettled } from "../../ui/settled.ts";
import { toast } from "../../ui/toast.tsx";
import { registriesChanged, type RegistryDetail, useUpstreams } from "../registries/queries.ts";

/** Adds an upstream that the group has already, at the end. */
export function AssociateUpstream({
  registry,
  present,
}: {
  registry: RegistryDetail;
  /** Those that are in it. */
  present: readonly number[];
}) {
  return (
    <Dialog title="Add an upstream of the group" trigger={<Button>Add one of the group</Button>}>
      {(close) => <Choose registry={registry} present={present} close={close} />}
    </Dialog>
  );
}

function Choose({
  registry: { id: registryId, group_id: groupId, name: registryName },
  present,
  close,
}: {
  registry: RegistryDetail;
  present: readonly number[];
  close: () => void;
}) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const wanted = chosen === null ? text.trim() : "";
  const search = useSettled(wanted);
  const { data, isFetching } = useUpstreams(groupId, search);
  const upstreams = data?.pages.flatMap(({ items }) => items) ?? [];
  const choices = upstreams
    .filter(({ id }) => !present.includes(id))
    .map(({ id, name, url }) => ({ id: String(id), label: name, description: url }));
  const add = useMutation({
    mutationFn: (upstreamId: number) =>
      ask(
        api.POST("/api/v4/virtual_registries/container/registry_upstreams", {
          body: { registry_id: registryId, upstream_id: upstreamId },
        }),
      ),
    onSuccess: async () => {
      toast(`It is added to ${registryName}, as the last that is asked.`);
      close();
      await registriesChanged();
    },
  });
  return (
    <Form
      action="Add"
      isPending={add.isPending}
      error={add.error}
      onSubmit={() => chosen !== null && add.mutate(Number(chosen))}
      beside={<Button onPress={close}>Cancel</Button>}
    >
      <ComboBox
        label="Upstream"
        description={
          data && choices.length === 0 && text === ""
            ? "The group has no others. Make a new one instead."
            : "What it has cached is served through this registry too."
        }
        choices={choices}
        inputValue={text}
        onInputChange={setText}
        onChoose={(id) => {
          setChosen(id);
          setText(choices.find((choice) => choice.id === id)?.label ?? text);
        }}
        isRequired
        isSearching={chosen === null && (isFetching || search !== wanted)}
      />
    </Form>
  );
}
