import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { toast } from "../../ui/toast.tsx";
import { keyOf, type MadeToken, type Owner, revoke, rotate, type Token } from "./kinds.ts";
import { Secret } from "./secret.tsx";

export function Revoke({ owner, token }: { owner: Owner; token: Token }) {
  const confirm = async () => {
    await revoke(owner, token);
    await queries.invalidateQueries({ queryKey: keyOf(owner) });
    toast(`The token ${token.name} is revoked.`);
  };
  return (
    <ConfirmDialog
      title={`Revoke ${token.name}?`}
      action="Revoke token"
      trigger={
        <Button variant="quiet" aria-label={`Revoke ${token.name}`}>
          Revoke
        </Button>
      }
      onConfirm={confirm}
    >
      <p>
        Whatever uses <bdi>{token.name}</bdi> is refused from its next request on, pulls included.
        This cannot be undone: a new token has another secret.
      </p>
    </ConfirmDialog>
  );
}

/** Another secret for the same purpose. */
export function Rotate({ owner, token }: { owner: Owner; token: Token }) {
  const [isOpen, setOpen] = useState(false);
  const [made, setMade] = useState<MadeToken>();
  const rotating = useMutation({
    mutationFn: (end: string) => rotate(owner, token, end),
    onSuccess: (fresh) => setMade(fresh),
  });
  const close = () => {
    setOpen(false);
    setMade(undefined);
    rotating.reset();
    // Not before: the row of the former token, which this dialog belongs to, goes with it.
    if (made) void queries.invalidateQueries({ queryKey: keyOf(owner) });
  };
  return (
    <>
      <Button variant="quiet" aria-label={`Rotate ${token.name}`} onPress={() => setOpen(true)}>
        Rotate
      </Button>
      <Dialog
        title={made ? `Token ${made.name}` : `Rotate ${token.name}?`}
        isOpen={isOpen}
        onOpenChange={close}
        isDismissable={made === undefined}
      >
        {made ? (
          <Secret kind={owner.kind} token={made} onDone={close} />
        ) : (
          <Form
            action="Rotate token"
            isPending={rotating.isPending}
            error={rotating.error}
            beside={<Button onPress={close}>Cancel</Button>}
            onSubmit={({ expires_at: end = "" }) => rotating.mutate(end)}
          >
            <p>
              The secret that is in use now is refused from then on. You get a new one with the same
              name and scopes.
            </p>
            <TextField
              name="expires_at"
              label="Ends on"
              type="date"
              description="Empty: when the present one would end."
            />
          </Form>
        )}
      </Dialog>
    </>
  );
}
