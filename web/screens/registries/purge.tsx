import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { components } from "../../api/schema.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { Checkbox, TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { bytesText, countedText, countText } from "../../ui/format.tsx";
import { toast } from "../../ui/toast.tsx";
import { registriesChanged } from "./queries.ts";

export type PurgePreview = components["schemas"]["PurgePreview"];

export interface Selection {
  pattern?: string;
  include_pinned?: boolean;
}

export interface PurgeProps {
  /** What is emptied, as it is called. */
  name: string;
  /** What must be typed before all of it goes; of a pattern it is the pattern. */
  typed: string;
  /** What the field for the pattern begins with. */
  pattern?: string;
  preview: (selection: Selection) => Promise<PurgePreview>;
  purge: (selection: Selection) => Promise<unknown>;
}

interface Seen {
  selection: Selection;
  preview: PurgePreview;
}

/** Empties a cache, all of it or by pattern: first what would go, then the deed. */
export function Purge({ name, typed, pattern = "", preview, purge }: PurgeProps) {
  const [withPinned, setWithPinned] = useState(false);
  const [seen, setSeen] = useState<Seen>();
  const look = useMutation({
    mutationFn: async (selection: Selection) => ({ selection, preview: await preview(selection) }),
    onMutate: () => setSeen(undefined),
    onSuccess: setSeen,
  });
  const done = async ({ selection }: Seen) => {
    await purge(selection);
    toast("It is purged. A large cache takes a while to empty, in the background.");
    setSeen(undefined);
    await registriesChanged();
  };
  return (
    <div className="stack">
      <Form
        action="See what goes"
        isPending={look.isPending}
        error={look.error}
        onSubmit={({ pattern = "" }) =>
          look.mutate({
            ...(pattern.trim() && { pattern: pattern.trim() }),
            ...(withPinned && { include_pinned: true }),
          })
        }
      >
        <TextField
          name="pattern"
          label="Pattern"
          placeholder="library/alpine:3.*"
          description="A repository, or repository:tag, or repository@digest. * stands for any text without a slash, ** for any text. Empty: everything."
          autoComplete="off"
          defaultValue={pattern}
          onChange={() => setSeen(undefined)}
        />
        <Checkbox
          label="Pinned entries too"
          isSelected={withPinned}
          onChange={(is) => {
            setWithPinned(is);
            setSeen(undefined);
          }}
        />
      </Form>
      <div role="status">{seen && <Preview preview={seen.preview} />}</div>
      {seen && seen.preview.entries > 0 && (
        <div className="row">
          <ConfirmDialog
            title={seen.selection.pattern ? "Purge these entries?" : `Empty the cache of ${name}?`}
            action="Purge"
            typed={seen.selection.pattern ?? typed}
            trigger={
              <Button variant="danger" icon="trash">
                Purge {countedText(seen.preview.entries, "entry", "entries")}
              </Button>
            }
            onConfirm={() => done(seen)}
          >
            <Preview preview={seen.preview} />
            <p>
              There is no undo. What is pulled again is fetched again from its upstream, if that
              still has it.
            </p>
          </ConfirmDialog>
        </div>
      )}
    </div>
  );
}

/** What would go. */
export function Preview({
  preview: { entries, size, repositories, partial },
}: {
  preview: PurgePreview;
}) {
  if (entries === 0) return <p>Nothing that is cached here fits.</p>;
  return (
    <div>
      <p>
        {partial && "At least "}
        <strong>{countText(entries)}</strong> {entries === 1 ? "entry" : "entries"},{" "}
        <strong>{bytesText(size)}</strong>
        {partial && "; there is more than was looked through"}.
      </p>
      <ul className="inline-list">
        {repositories.map((repository) => (
          <li key={repository}>
            <bdi>{repository}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}
