import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "../../api/queries.ts";
import { levelOf, roleChoices } from "../../api/roles.ts";
import { Button } from "../../ui/button.tsx";
import { CheckboxGroup } from "../../ui/checks.tsx";
import { Select } from "../../ui/choices.tsx";
import { dayAfter } from "../../ui/days.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { create, keyOf, type MadeToken, type NewToken, type Owner } from "./kinds.ts";
import { accessScopes, deployScopes, type Scope } from "./scopes.ts";
import { Secret } from "./secret.tsx";

const titles = {
  personal: "New personal access token",
  group: "New group access token",
  deploy: "New deploy token",
};
const accessDays = 90;
const deployDays = 365;

/** From the form to the secret, in one dialog that is not left by accident while that is shown. */
export function CreateToken({ owner }: { owner: Owner }) {
  const [isOpen, setOpen] = useState(false);
  const [made, setMade] = useState<MadeToken>();
  const close = () => {
    setOpen(false);
    setMade(undefined);
  };
  return (
    <>
      <Button variant="primary" icon="plus" onPress={() => setOpen(true)}>
        New token
      </Button>
      <Dialog
        title={made ? `Token ${made.name}` : titles[owner.kind]}
        isOpen={isOpen}
        onOpenChange={close}
        isDismissable={made === undefined}
      >
        {made ? (
          <Secret kind={owner.kind} token={made} onDone={close} />
        ) : (
          <TokenForm owner={owner} onMade={setMade} onCancel={close} />
        )}
      </Dialog>
    </>
  );
}

function TokenForm({
  owner,
  onMade,
  onCancel,
}: {
  owner: Owner;
  onMade: (token: MadeToken) => void;
  onCancel: () => void;
}) {
  const { kind } = owner;
  const [scopes, setScopes] = useState<Scope[]>(["read_virtual_registry"]);
  const making = useMutation({
    mutationFn: (given: NewToken) => create(owner, given),
    onSuccess: async (token) => {
      onMade(token);
      await queries.invalidateQueries({ queryKey: keyOf(owner) });
    },
  });
  const days = kind === "deploy" ? deployDays : accessDays;
  return (
    <Form
      action="Create token"
      isPending={making.isPending}
      error={making.error}
      beside={<Button onPress={onCancel}>Cancel</Button>}
      onSubmit={({ name = "", username = "", expires_at: expiresAt = "", access_level: level }) =>
        making.mutate({ name, username, expiresAt, scopes, level: levelOf(level ?? "10") })
      }
    >
      <TextField
        name="name"
        label="Name"
        description="What it is for, so that it is known later."
        isRequired
        autoFocus
      />
      {kind === "deploy" && (
        <TextField
          name="username"
          label="User name (optional)"
          description="With which clients log in; one is made where none is given."
        />
      )}
      {kind === "deploy" && owner.group.parent_id !== null && (
        <p className="description">
          A group below another has no registries: this token opens its Dependency Proxy, and those
          of the groups below it.
        </p>
      )}
      {kind === "group" && (
        <Select name="access_level" label="Role" defaultValue="10" choices={roleChoices} />
      )}
      <CheckboxGroup<Scope>
        name="scopes"
        label="Scopes"
        choices={kind === "deploy" ? deployScopes : accessScopes}
        value={scopes}
        onChange={setScopes}
        isRequired
      />
      <TextField
        name="expires_at"
        label="Ends on"
        type="date"
        defaultValue={dayAfter(days, Date.now())}
        description={
          kind === "deploy"
            ? "At 00:00 UTC of that day. Empty: it does not end."
            : "At 00:00 UTC of that day, at most 365 days from now."
        }
      />
    </Form>
  );
}
