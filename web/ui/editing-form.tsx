import type { ReactNode } from "react";
import { type Edited, News } from "./editing.tsx";
import { Form, type Values } from "./form.tsx";

export interface EditingFormProps<T> {
  edited: Edited<T>;
  /** Of `useMutation`. */
  saving: { isPending: boolean; isSuccess: boolean; error: unknown };
  action: string;
  /** See `News`. */
  words: Partial<Record<keyof T & string, string>>;
  onSubmit: (values: Values) => void;
  /** Its fields. */
  children: ReactNode;
}

/** The form of what is edited, which tells behind its fields what somebody else has made of it meanwhile. */
export function EditingForm<T extends object>({
  edited,
  saving: { isPending, isSuccess, error },
  action,
  words,
  onSubmit,
  children,
}: EditingFormProps<T>) {
  return (
    <Form
      action={action}
      isPending={isPending}
      error={error}
      onReload={edited.reload}
      onSubmit={onSubmit}
    >
      {children}
      {!isSuccess && <News edited={edited} words={words} />}
    </Form>
  );
}
