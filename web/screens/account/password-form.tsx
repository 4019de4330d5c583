import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { toast } from "../../ui/toast.tsx";

type OwnPassword = components["schemas"]["OwnPassword"];

export function PasswordForm() {
  // Another key is another form: an empty one, after it was done.
  const [round, setRound] = useState(0);
  const change = useMutation({
    mutationFn: (body: OwnPassword) => ask(api.PUT("/api/v4/user/password", { body })),
    onSuccess: async () => {
      toast("The password is changed. All other sessions have ended.");
      setRound(round + 1);
      await queries.invalidateQueries({ queryKey: ["user", "sessions"] });
    },
  });
  return (
    <Form
      key={round}
      action="Change password"
      isPending={change.isPending}
      error={change.error}
      onSubmit={({ current_password = "", password = "" }) =>
        change.mutate({ current_password, password })
      }
    >
      <TextField
        name="current_password"
        label="Current password"
        type="password"
        autoComplete="current-password"
        isRequired
      />
      <TextField
        name="password"
        label="New password"
        description="All other sessions end with it."
        type="password"
        autoComplete="new-password"
        isRequired
      />
    </Form>
  );
}
