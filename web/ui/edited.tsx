import { useState } from "react";
import { ApiError } from "../api/errors.ts";
import { Button } from "./button.tsx";
import { type Change, changed } from "./changes.ts";
import { type Draft, type Fields, useDraft } from "./draft.ts";
import { Icon } from "./icons.tsx";

/** Something as it was read, with its `ETag`. */
export interface Tagged<T> {
  data: T;
  tag: string;
}

export interface Edited<T, F extends Fields> extends Draft<F> {
  /** What is edited: its tag is for `If-Match`. */
  base: Tagged<T>;
  /** What others have changed since; empty where nothing. */
  changes: Change[];
  /** Goes on with what it is now; what was typed stays. */
  rebase: () => void;
  /** Goes on with what was saved. */
  saved: (answer: Tagged<T>) => void;
}

/**
 * Edits a thing that others may edit too. What is typed is kept; while there is something typed, the fields stay on what
 * they were read as, so that what others do is told and not written over.
 */
export function useEdited<T, F extends Fields>(
  newest: Tagged<T>,
  fieldsOf: (data: T) => F,
): Edited<T, F> {
  const [base, setBase] = useState(newest);
  // What was the newest when something newer was saved.
  const [former, setFormer] = useState<string>();
  const draft = useDraft(fieldsOf(base.data));
  const isOther = base.tag !== newest.tag && newest.tag !== former;
  const changes = isOther ? changed(fieldsOf(base.data), fieldsOf(newest.data), draft.typed) : [];
  const rebase = () => setBase(newest);
  const saved = (answer: Tagged<T>) => {
    setFormer(newest.tag);
    setBase(answer);
    draft.clear();
  };
  // Nothing that is seen here is another: as well now as later.
  if (isOther && (!draft.isDirty || changes.length === 0)) setBase(newest);
  return { ...draft, base, changes, rebase, saved };
}

/** What others have changed meanwhile, in words; nothing where they have not. */
export function ChangesNote({
  edited: { changes, rebase },
  labels,
  onRebase,
}: {
  edited: Pick<Edited<unknown, Fields>, "changes" | "rebase">;
  /** What the fields are called. */
  labels: Readonly<Record<string, string>>;
  onRebase?: () => void;
}) {
  if (changes.length === 0) return null;
  const goOn = () => {
    rebase();
    onRebase?.();
  };
  return (
    <div className="note bad" role="alert">
      <Icon name="warn" size={18} />
      <div>
        <p className="note-title">Somebody else has changed this meanwhile</p>
        <ul>
          {changes.map(({ field, before, now, typed }) => (
            <li key={field}>
              {labels[field] ?? field}: was <Said value={before} />, is now <Said value={now} />
              {typed !== undefined && typed !== now && (
                <>
                  ; you typed <Said value={typed} />
                </>
              )}
            </li>
          ))}
        </ul>
        <p>
          Nothing of yours was saved, and all that you typed is still here. Go on with what it is
          now, look it over, and save.
        </p>
        <Button icon="refresh" onPress={goOn}>
          Go on with the newest
        </Button>
      </div>
    </div>
  );
}

function Said({ value }: { value: string | boolean }) {
  if (typeof value === "boolean") return <strong>{value ? "on" : "off"}</strong>;
  if (value === "") return <strong>empty</strong>;
  return (
    <strong>
      “<bdi>{value}</bdi>”
    </strong>
  );
}

/** The error to show by the form: that of two who change one thing is told by `ChangesNote`, once it is known what changed. */
export function besideChanges(error: unknown, changes: readonly Change[]): unknown {
  return error instanceof ApiError && error.isConflict && changes.length > 0 ? null : error;
}
