import { type ReactNode, useId, useState } from "react";
import {
  Dialog as AriaDialog,
  DialogTrigger,
  Heading,
  Modal,
  ModalOverlay,
} from "react-aria-components";
import { isConflict } from "../api/errors.ts";
import { queries } from "../api/queries.ts";
import { Button, IconButton } from "./button.tsx";
import { TextField } from "./fields.tsx";
import { Form } from "./form.tsx";

export interface DialogProps {
  title: string;
  /** What opens it; without one, `isOpen` says whether it is. */
  trigger?: ReactNode;
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  /** Whether it can be left by Escape or a click beside it. */
  isDismissable?: boolean;
  role?: "dialog" | "alertdialog";
  children: ReactNode | ((close: () => void) => ReactNode);
}

/** Over the page, with the focus kept in it and given back afterwards. */
export function Dialog({
  title,
  trigger,
  isDismissable = true,
  role = "dialog",
  children,
  ...open
}: DialogProps) {
  const overlay = (
    <ModalOverlay
      className="veil"
      isDismissable={isDismissable}
      isKeyboardDismissDisabled={!isDismissable}
      {...(trigger === undefined && open)}
    >
      <Modal className="modal">
        <AriaDialog className="dialog" role={role}>
          {({ close }) => (
            <>
              <div className="dialog-head">
                <Heading slot="title">{title}</Heading>
                {isDismissable && <IconButton label="Close" icon="close" onPress={close} />}
              </div>
              {typeof children === "function" ? children(close) : children}
            </>
          )}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
  if (trigger === undefined) return overlay;
  return (
    <DialogTrigger {...open}>
      {trigger}
      {overlay}
    </DialogTrigger>
  );
}

export interface ConfirmDialogProps extends Omit<DialogProps, "children" | "role"> {
  /** What goes, and that it does not come back. */
  children: ReactNode;
  /** On the button: the deed, as in “Delete registry”. */
  action: string;
  /** What must be typed before; for what many would miss. */
  typed?: string;
  onConfirm: () => Promise<unknown>;
}

/** Before something that cannot be undone. Stays open with the reason where it fails. */
export function ConfirmDialog({
  children,
  action,
  typed,
  onConfirm,
  ...dialog
}: ConfirmDialogProps) {
  return (
    <Dialog {...dialog} role="alertdialog">
      {(close) => (
        <Confirmation action={action} typed={typed} onConfirm={onConfirm} close={close}>
          {children}
        </Confirmation>
      )}
    </Dialog>
  );
}

function Confirmation({
  children,
  action,
  typed,
  onConfirm,
  close,
}: Pick<ConfirmDialogProps, "children" | "action" | "onConfirm"> & {
  typed: string | undefined;
  close: () => void;
}) {
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  const field = useId();
  const confirm = async (text: string | undefined) => {
    if (typed !== undefined && text !== typed) return;
    setPending(true);
    try {
      await onConfirm();
      close();
    } catch (thrown) {
      setError(thrown);
      // Who tries again does so knowing what it is now.
      if (isConflict(thrown)) void queries.invalidateQueries();
    } finally {
      setPending(false);
    }
  };
  return (
    <Form
      action={action}
      isDanger
      isPending={isPending}
      error={error}
      onSubmit={(values) => void confirm(values[field])}
      beside={<Button onPress={close}>Cancel</Button>}
    >
      <div>{children}</div>
      {typed !== undefined && (
        <TextField
          name={field}
          label={`To confirm, type ${typed}`}
          autoComplete="off"
          validate={(text) => (text === typed ? null : `This is not ${typed}.`)}
        />
      )}
    </Form>
  );
}
