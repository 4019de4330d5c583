import { type ReactNode, useState } from "react";
import { Form as AriaForm } from "react-aria-components";
import { ApiError } from "../api/errors.ts";
import { Button } from "./button.tsx";
import { ErrorNote } from "./states.tsx";

export type Values = Readonly<Record<string, string>>;

export interface FormProps {
  /** What the fields hold, by their names; a field that is empty holds "". */
  onSubmit: (values: Values) => void;
  /** Of the last try: its texts go to their fields, and whatever is about none of them stands above the buttons. */
  error: unknown;
  isPending: boolean;
  /** On the button that sends it. */
  action: string;
  isDanger?: boolean;
  /** Beside that button: a way out. */
  beside?: ReactNode;
  /** Reads anew what is edited, after somebody else has changed it; what is typed stays. */
  onReload?: () => void;
  children: ReactNode;
}

/** Keeps what is typed whatever the server says. */
export function Form({
  onSubmit,
  error,
  isPending,
  action,
  isDanger = false,
  beside,
  onReload,
  children,
}: FormProps) {
  const [fields, corrected] = useFieldTexts(error);
  return (
    <AriaForm
      className="form"
      validationErrors={fields}
      onSubmit={(event) => {
        event.preventDefault();
        // What is under way is not sent twice by Enter.
        if (!isPending) onSubmit(valuesOf(event.currentTarget));
      }}
    >
      <div className="contents" onInput={({ target }) => corrected(nameOf(target))}>
        {children}
      </div>
      <FormError error={error} {...(onReload && { onReload })} />
      <div className="row form-actions">
        <Button type="submit" variant={isDanger ? "danger" : "primary"} isPending={isPending}>
          {action}
        </Button>
        {beside}
      </div>
    </AriaForm>
  );
}

const nameOf = (target: EventTarget): string =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement ? target.name : "";

type FieldTexts = ApiError["fields"];
const none: FieldTexts = {};

/**
 * What the server said of fields, and what takes it away when one is typed into. React Aria does so when the field is left:
 * by a press on a button, which then moves from under the pointer as the text goes.
 */
function useFieldTexts(error: unknown): [FieldTexts, corrected: (name: string) => void] {
  const said = error instanceof ApiError ? error.fields : none;
  const [rest, setRest] = useState({ said, texts: said });
  const texts = rest.said === said ? rest.texts : said;
  const corrected = (name: string) => {
    if (!Object.hasOwn(texts, name)) return;
    const { [name]: _gone, ...others } = texts;
    setRest({ said, texts: others });
  };
  return [texts, corrected];
}

function valuesOf(form: HTMLFormElement): Values {
  const texts = [...new FormData(form)].map(([name, value]) => [
    name,
    typeof value === "string" ? value : "",
  ]);
  return Object.fromEntries(texts) as Values;
}

function FormError({ error, onReload }: { error: unknown; onReload?: () => void }) {
  if (!error) return null;
  if (error instanceof ApiError && error.isConflict) {
    return (
      <ErrorNote title="Somebody else has changed this meanwhile" error={error}>
        <p>
          Nothing was saved, and what you typed is still here. Load what it is now to compare, then
          save again.
        </p>
        {onReload && (
          <Button icon="refresh" onPress={onReload}>
            Load the newest
          </Button>
        )}
      </ErrorNote>
    );
  }
  return <ErrorNote title="This was not done" error={error} />;
}
