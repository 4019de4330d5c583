import { bytesText, countText, RelativeTime } from "../../ui/format.tsx";
import { Gauge } from "../../ui/gauge.tsx";
import { Badge, type Tone } from "../../ui/pieces.tsx";
import type { Prefetch } from "./queries.ts";

const states: Record<Prefetch["status"], { tone: Tone; text: string }> = {
  scheduled: { tone: "neutral", text: "Waits" },
  running: { tone: "accent", text: "Runs" },
  finished: { tone: "good", text: "Done" },
  failed: { tone: "bad", text: "Failed" },
};

/** In a word; a run of which some images are here has not just failed. */
export function PrefetchState({ prefetch }: { prefetch: Prefetch }) {
  const { status, images } = prefetch;
  const here = imagesHere(prefetch);
  const { tone, text } = states[status];
  if (status === "failed" && here > 0) {
    return <Badge tone="warn">{`Done, ${countText(images.length - here)} missing`}</Badge>;
  }
  return <Badge tone={tone}>{text}</Badge>;
}

const imagesHere = ({ images }: Prefetch) =>
  images.filter(({ status }) => status === "done").length;

/** How far a run has come; of bytes as far as they are known. */
export function Progress({ prefetch }: { prefetch: Prefetch }) {
  const { images, objects, bytes } = prefetch.progress;
  const share = bytes.total > 0 ? bytes : images;
  return (
    <div className="stack progress">
      <Gauge isWork label="Progress" value={share.done} most={share.total} />
      <span className="small muted numbers">
        {countText(imagesHere(prefetch))} of {countText(images.total)} images,{" "}
        {countText(objects.done)} of {countText(objects.total)} objects, {bytesText(bytes.done)} of{" "}
        {bytesText(bytes.total)}
      </span>
    </div>
  );
}

export function When({ prefetch }: { prefetch: Prefetch }) {
  const { every_hours: hours, next_run_at: next } = prefetch;
  if (hours === null) return next === null ? "Once" : "Once, now";
  return (
    <span>
      Every {hours === 1 ? "hour" : `${countText(hours)} h`}
      {next !== null && (
        <>
          , next <RelativeTime time={next} />
        </>
      )}
    </span>
  );
}
