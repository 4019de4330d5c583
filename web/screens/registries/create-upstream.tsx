import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { components } from "../../api/schema.ts";
import { Select } from "../../ui/choices.tsx";
import { useDraft } from "../../ui/draft.ts";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { toast } from "../../ui/toast.tsx";
import { ConnectionTest } from "./connection-test.tsx";
import { presets } from "./presets.ts";
import { registriesChanged, type Upstream } from "./queries.ts";

type Fields = components["schemas"]["UpstreamFields"];

export interface CreateUpstreamProps {
  groupId: number;
  /** Which it is for; without one it is in none yet. */
  registryId?: number;
  onCreated: (upstream: Upstream) => void;
  beside?: ReactNode;
}

const empty = { name: "", url: "", username: "", password: "", ca: "" };
const other = { id: "other", label: "Another registry, by its address" };
const choices = [
  other,
  ...presets.map(({ id, name, url }) => ({ id, label: name, description: url })),
];

/** A new upstream, by a preset or by its address; it can be tried before. */
export function CreateUpstream(props: CreateUpstreamProps) {
  const { values, set } = useDraft(empty);
  const [preset, setPreset] = useState(other.id);
  const [refused, setRefused] = useState<unknown>(null);
  const create = useCreate(props);
  const choose = (id: string) => {
    setPreset(id);
    const known = presets.find((each) => each.id === id);
    set("url", known?.url ?? "");
    set("name", known?.name ?? "");
  };
  const test = () =>
    ask(
      api.POST("/api/v4/groups/{id}/-/virtual_registries/container/upstreams/test", {
        params: { path: { id: String(props.groupId) } },
        body: { url: values.url, ...loginOf(values) },
      }),
    );
  const field = (name: keyof typeof empty) => ({
    name,
    value: values[name],
    onChange: (text: string) => set(name, text),
    autoComplete: "off",
  });
  return (
    <Form
      action="Add upstream"
      isPending={create.isPending}
      error={create.error ?? refused}
      onSubmit={() => {
        setRefused(null);
        create.mutate({
          name: values.name,
          url: values.url.trim(),
          ...loginOf(values),
          ...(values.ca.trim() && { ca: values.ca }),
        });
      }}
      beside={props.beside}
    >
      <Select label="Preset" choices={choices} value={preset} onChange={choose} />
      <TextField
        {...field("url")}
        label="URL"
        placeholder="https://registry.example.com"
        description={presets.find(({ id }) => id === preset)?.hint}
        isRequired
      />
      <TextField
        {...field("name")}
        label="Name"
        description="For people, and for the log."
        isRequired
      />
      <TextField
        {...field("username")}
        label="User name"
        description="Where it needs a login. It serves everybody who may pull from the registry."
      />
      <TextField
        {...field("password")}
        label="Password or token"
        type="password"
        autoComplete="new-password"
        description="Sealed when it is stored, and never shown again."
      />
      <TextField
        {...field("ca")}
        label="Certificates"
        rows={3}
        description="In PEM, of the authority behind its certificate; empty where that is a well-known one. A test before it is saved goes without them."
      />
      <ConnectionTest
        run={test}
        isDisabled={values.url.trim() === ""}
        onRefused={(error) => {
          create.reset();
          setRefused(error);
        }}
      />
    </Form>
  );
}

function useCreate({ groupId, registryId, onCreated }: CreateUpstreamProps) {
  return useMutation({
    mutationFn: (body: Fields): Promise<Upstream> =>
      registryId === undefined
        ? ask(
            api.POST("/api/v4/groups/{id}/-/virtual_registries/container/upstreams", {
              params: { path: { id: String(groupId) } },
              body,
            }),
          )
        : ask(
            api.POST("/api/v4/virtual_registries/container/registries/{id}/upstreams", {
              params: { path: { id: registryId } },
              body,
            }),
          ),
    onSuccess: async (made) => {
      toast(`${made.name} is added.`);
      onCreated(made);
      await registriesChanged();
    },
  });
}

/** Both or none; one alone is sent as well, so that the server says what is missing. */
function loginOf({ username, password }: { username: string; password: string }) {
  return username === "" && password === "" ? {} : { username, password };
}
