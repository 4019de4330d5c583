import { useMutation } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Form } from "../../ui/form.tsx";
import { bytesText, countText, RelativeTime } from "../../ui/format.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { type Preview, usePreview } from "./queries.ts";

/** What would go now, and the button that lets it go: never the one without the other. */
export function Evictions() {
  return (
    <Dialog title="What would be evicted now" trigger={<Button>Preview eviction</Button>}>
      {(close) => <Previewed close={close} />}
    </Dialog>
  );
}

function Previewed({ close }: { close: () => void }) {
  const evicting = useMutation({
    mutationFn: () => ask(api.POST("/api/v4/space/evictions")),
    onSuccess: async () => {
      toast("The eviction has begun; background work shows how far it is.");
      close();
      await queries.invalidateQueries({ queryKey: ["work"] });
      await queries.invalidateQueries({ queryKey: ["space"] });
    },
  });
  return (
    <Loaded query={usePreview()} height="12rem">
      {(previews) =>
        previews.length === 0 ? (
          <EmptyState
            title="Nothing is over a limit"
            action={<Button onPress={close}>Close</Button>}
          >
            An eviction would change nothing.
          </EmptyState>
        ) : (
          <Form
            action="Evict now"
            isDanger
            isPending={evicting.isPending}
            error={evicting.error}
            beside={<Button onPress={close}>Cancel</Button>}
            onSubmit={() => evicting.mutate()}
          >
            {previews.map((preview) => (
              <OfLimit key={`${preview.scope} ${preview.id} ${preview.reason}`} preview={preview} />
            ))}
            <p>
              What goes is fetched from its upstream again when somebody pulls it. It would go by
              itself within a minute.
            </p>
          </Form>
        )
      }
    </Loaded>
  );
}

const scopes = { upstream: "Upstream", group: "Group", instance: "Server" };

function OfLimit({ preview }: { preview: Preview }) {
  const { scope, name, bytes, bound, size, entries_count: count, left, entries } = preview;
  return (
    <section className="stack">
      <h3 className="eviction-title">
        {scopes[scope]} {scope !== "instance" && <bdi>{name}</bdi>}
      </h3>
      <p>
        {preview.reason === "limit"
          ? `${bytesText(bytes)} of at most ${bytesText(bound)}.`
          : `The disk is too full: ${bytesText(preview.excess)} have to go.`}{" "}
        {countText(count)} entries of {bytesText(size)} would go
        {left > 0 && `; ${bytesText(left)} too many would stay, since they are pinned or in use`}.
      </p>
      {entries.length > 0 && (
        <details>
          <summary>The {entries.length === count ? "" : "first "}entries</summary>
          <ul className="lines small eviction-entries">
            {entries.map((entry) => (
              <li key={entry.id}>
                <bdi>{entry.relative_path}</bdi>{" "}
                <span className="muted">
                  {bytesText(entry.size)}, pulled <RelativeTime time={entry.downloaded_at} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
