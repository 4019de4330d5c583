import { useMutation } from "@tanstack/react-query";
import { api, ask, ifMatch } from "../../api/client.ts";
import type { Edited } from "../../ui/editing.tsx";
import { EditingForm } from "../../ui/editing-form.tsx";
import { Checkbox, TextField } from "../../ui/fields.tsx";
import type { Values } from "../../ui/form.tsx";
import { toast } from "../../ui/toast.tsx";
import { type User, usersChanged } from "./queries.ts";

const words = { name: "Name", email: "E-mail address", is_admin: "Administrator" };

export function ProfileForm({ edited }: { edited: Edited<User> }) {
  const { first, tag, saved } = edited;
  const saving = useMutation({
    mutationFn: ({ name = "", email = "", admin }: Values) =>
      ask(
        api.PATCH("/api/v4/users/{id}", {
          params: { path: { id: first.id } },
          headers: ifMatch(tag),
          body: { name, email: email || null, admin: admin !== undefined },
        }),
      ),
    onSuccess: async () => {
      toast("The user is changed.");
      await saved();
      await usersChanged();
    },
  });
  return (
    <EditingForm
      edited={edited}
      saving={saving}
      action="Save"
      words={words}
      onSubmit={(values) => saving.mutate(values)}
    >
      <TextField name="name" label="Name" defaultValue={first.name} isRequired />
      <TextField
        name="email"
        label="E-mail address (optional)"
        defaultValue={first.email ?? ""}
        description="One can sign in with it instead of the user name."
        autoComplete="off"
      />
      <Checkbox
        name="admin"
        label="Administrator"
        description="May see and change everything. The last active administrator stays one."
        defaultSelected={first.is_admin}
      />
    </EditingForm>
  );
}
