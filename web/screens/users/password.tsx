import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { toast } from "../../ui/toast.tsx";
import type { User } from "./queries.ts";

/** Gives a user a password; nobody can read it. */
export function PasswordPanel({ user, isSelf }: { user: User; isSelf: boolean }) {
  const [round, setRound] = useState(0);
  const setting = useMutation({
    mutationFn: (password: string) =>
      ask(
        api.PUT("/api/v4/users/{id}/password", {
          params: { path: { id: user.id } },
          body: { password },
        }),
      ),
    onSuccess: () => {
      toast(`${user.username} has a new password, and all sessions have ended.`);
      setRound(round + 1);
    },
  });
  return (
    <Panel title="Password">
      {isSelf && (
        <p>
          Where you have a password already, change it in <Link to="/account">your account</Link>,
          which asks for it.
        </p>
      )}
      <Form
        key={round}
        action="Set password"
        isPending={setting.isPending}
        error={setting.error}
        onSubmit={({ password = "" }) => setting.mutate(password)}
      >
        <TextField
          name="password"
          label="New password"
          type="password"
          autoComplete="new-password"
          description="All sessions of the user end with it."
          isRequired
        />
      </Form>
    </Panel>
  );
}
