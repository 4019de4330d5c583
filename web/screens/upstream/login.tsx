import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, ifMatch } from "../../api/client.ts";
import { ApiError } from "../../api/errors.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import type { Tagged } from "../../ui/edited.tsx";
import { Icon } from "../../ui/icons.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { toast } from "../../ui/toast.tsx";
import { registriesChanged, type UpstreamDetail } from "../registries/queries.ts";

interface LoginProps {
  newest: Tagged<UpstreamDetail>;
  mayChange: boolean;
}

interface Credentials {
  username: string | null;
  password: string | null;
}

/** The login at the upstream: replaced or removed, and never read. */
export function Login({ newest, mayChange }: LoginProps) {
  const { username } = newest.data;
  return (
    <>
      {username === null ? (
        <p>None: it is asked as anybody would.</p>
      ) : (
        <p>
          As <bdi>{username}</bdi>, with a password that is stored sealed, and that nobody is shown.
        </p>
      )}
      {mayChange && (
        <div className="row">
          <Replace newest={newest} />
          {username !== null && <Remove newest={newest} />}
        </div>
      )}
    </>
  );
}

const change = ({ data: { id }, tag }: Tagged<UpstreamDetail>, body: Credentials) =>
  ask(
    api.PATCH("/api/v4/virtual_registries/container/upstreams/{id}", {
      params: { path: { id }, header: ifMatch(tag) },
      body,
    }),
  );

function Replace({ newest }: { newest: Tagged<UpstreamDetail> }) {
  const has = newest.data.username !== null;
  return (
    <Dialog
      title={has ? "Replace the login" : "Give it a login"}
      isDismissable={false}
      trigger={<Button icon="lock">{has ? "Replace" : "Give it a login"}</Button>}
    >
      {(close) => <ReplaceForm newest={newest} close={close} />}
    </Dialog>
  );
}

function ReplaceForm({ newest, close }: { newest: Tagged<UpstreamDetail>; close: () => void }) {
  // As it was when the form was opened: what others change meanwhile is told, and not written over.
  const [opened, setOpened] = useState(newest);
  const save = useMutation({
    mutationFn: (body: Credentials) => change(opened, body),
    onSuccess: async ({ name }) => {
      toast(`${name} has another login.`);
      close();
      await registriesChanged();
    },
    onError: async (error) => {
      if (error instanceof ApiError && error.isConflict) await registriesChanged();
    },
  });
  const isOther = opened.tag !== newest.tag;
  const { url, username } = newest.data;
  // What else is other of it, as its rules, is not of this form.
  const isSeen = isOther && (url !== opened.data.url || username !== opened.data.username);
  if (isOther && !isSeen) setOpened(newest);
  return (
    <Form
      action="Save login"
      isPending={save.isPending}
      error={isSeen ? null : save.error}
      onSubmit={({ username = "", password = "" }) => save.mutate({ username, password })}
      beside={<Button onPress={close}>Cancel</Button>}
    >
      {isSeen && (
        <div className="note bad" role="alert">
          <Icon name="warn" size={18} />
          <div>
            <p className="note-title">Somebody else has changed this meanwhile</p>
            <p>
              Its address is now <bdi>{url}</bdi>, its login{" "}
              {username === null ? "none" : <bdi>{username}</bdi>}. Nothing of yours was saved, and
              what you typed is still here.
            </p>
            <Button
              onPress={() => {
                setOpened(newest);
                save.reset();
              }}
            >
              Go on with the newest
            </Button>
          </div>
        </div>
      )}
      <TextField
        name="username"
        label="User name"
        defaultValue={opened.data.username ?? ""}
        autoComplete="off"
        isRequired
      />
      <TextField
        name="password"
        label="Password or token"
        description="What is cached stays, and is confirmed by the upstream before it is served again."
        type="password"
        autoComplete="new-password"
        isRequired
      />
    </Form>
  );
}

function Remove({ newest }: { newest: Tagged<UpstreamDetail> }) {
  const remove = async () => {
    const { name } = await change(newest, { username: null, password: null });
    toast(`${name} has no login any more.`);
    await registriesChanged();
  };
  return (
    <ConfirmDialog
      title="Remove the login?"
      action="Remove login"
      trigger={<Button variant="quiet">Remove</Button>}
      onConfirm={remove}
    >
      The upstream is asked as anybody would from then on. The password cannot be brought back: it
      is shown to nobody.
    </ConfirmDialog>
  );
}
