import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { api, ask } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Checkbox, TextField } from "../../ui/fields.tsx";
import { Form, type Values } from "../../ui/form.tsx";
import { toast } from "../../ui/toast.tsx";
import type { Registry } from "../registries/queries.ts";
import { type PrefetchFields, prefetchesChanged } from "./queries.ts";
import { linesOf, ofLists } from "./lines.ts";

export function NewPrefetch({ registry }: { registry: Registry }) {
  return (
    <Dialog
      title="New prefetch"
      isDismissable={false}
      trigger={
        <Button variant="primary" icon="plus">
          New prefetch
        </Button>
      }
    >
      {(close) => <Fields registry={registry} close={close} />}
    </Dialog>
  );
}

function Fields({ registry, close }: { registry: Registry; close: () => void }) {
  const [, navigate] = useLocation();
  const [isRepeated, setRepeated] = useState(false);
  const creating = useMutation({
    mutationFn: (body: PrefetchFields) =>
      ask(
        api.POST("/api/v4/virtual_registries/container/registries/{id}/prefetches", {
          params: { path: { id: registry.id } },
          body,
        }),
      ),
    onSuccess: async ({ id }) => {
      toast("The prefetch has begun.");
      close();
      navigate(`/prefetches/${id}`);
      await prefetchesChanged();
    },
  });
  const { error, variables } = creating;
  // The same for the same refusal: what is corrected in a field takes its text away, and it does not come again.
  const told = useMemo(() => variables && ofLists(error, { ...variables }), [error, variables]);
  const fields = ({ images = "", platforms = "", every_hours: hours = "", name }: Values) => ({
    images: linesOf(images),
    ...(name && { name }),
    ...(linesOf(platforms).length > 0 && { platforms: linesOf(platforms) }),
    ...(isRepeated && { every_hours: hours.trim() === "" ? Number.NaN : Number(hours) }),
  });
  return (
    <Form
      action="Prefetch"
      isPending={creating.isPending}
      error={told}
      onSubmit={(values) => creating.mutate(fields(values))}
      beside={<Button onPress={close}>Cancel</Button>}
    >
      <p className="muted">
        Through the registry <bdi>{registry.name}</bdi>, as a pull would go.
      </p>
      <TextField
        name="images"
        label="Images"
        rows={4}
        isRequired
        placeholder={"library/alpine:3.20\nlibrary/node:22"}
        description="One a line, as the registry calls them: without its address. At most 100."
      />
      <TextField
        name="platforms"
        label="Platforms (optional)"
        defaultValue="linux/amd64"
        description="One or more, as linux/amd64 linux/arm64; all: everything that an image is there for."
      />
      <Checkbox label="Again and again" isSelected={isRepeated} onChange={setRepeated} />
      {isRepeated && (
        <>
          <TextField
            name="every_hours"
            label="Every so many hours"
            defaultValue="24"
            inputMode="numeric"
            isRequired
          />
          <TextField
            name="name"
            label="Name (optional)"
            description="A configuration file finds it by this name."
          />
        </>
      )}
    </Form>
  );
}
