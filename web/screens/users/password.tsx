import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, askTagged, ifMatch } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import type { User } from "./queries.ts";

/** Gives a user a password; nobody can read it. */
export function PasswordPanel({ user, isSelf }: { user: User; isSelf: boolean }) {
  const [round, setRound] = useState(0);
  const params = { path: { id: user.id } };
  const password = useQuery({
    queryKey: ["users", user.id, "password"],
    queryFn: ({ signal }) => askTagged(api.GET("/api/v4/users/{id}/password", { params, signal })),
  });
  const setting = useMutation({
    mutationFn: ({ password, tag }: { password: string; tag: string }) =>
      ask(
        api.PUT("/api/v4/users/{id}/password", {
          params,
          headers: ifMatch(tag),
          body: { password },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["users", user.id, "password"] });
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
      <Loaded query={password} height="8rem">
        {({ data: { changed_at: since }, tag }) => (
          <Form
            key={round}
            action="Set password"
            isPending={setting.isPending}
            error={setting.error}
            onReload={() => void password.refetch()}
            onSubmit={({ password = "" }) => setting.mutate({ password, tag })}
          >
            <p className="muted">
              {since === null ? "There is none." : "There is one, given "}
              {since !== null && <RelativeTime time={since} />}
            </p>
            <TextField
              name="password"
              label="New password"
              type="password"
              autoComplete="new-password"
              description="All sessions of the user end with it."
              isRequired
            />
          </Form>
        )}
      </Loaded>
    </Panel>
  );
}
