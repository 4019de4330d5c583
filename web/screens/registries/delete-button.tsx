import { type ReactNode, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";

/** Asks before it deletes; what goes along, `children`, is looked up when that is asked. */
export function DeleteButton({
  title,
  action,
  typed,
  onConfirm,
  children,
}: {
  title: string;
  action: string;
  typed: string;
  onConfirm: () => Promise<void>;
  children: ReactNode;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="quiet" icon="trash" onPress={() => setOpen(true)}>
        Delete
      </Button>
      <ConfirmDialog
        title={title}
        action={action}
        typed={typed}
        isOpen={isOpen}
        onOpenChange={setOpen}
        onConfirm={onConfirm}
      >
        {isOpen && children}
      </ConfirmDialog>
    </>
  );
}
