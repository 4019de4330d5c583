import { useSight } from "../../api/rights.ts";
import { bytesText } from "../../ui/format.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Loaded, NoPermission } from "../../ui/states.tsx";
import { useGroupSpace, useSpace } from "./queries.ts";

/** How much of what may be stored is. */
export function Space({ groupId }: { groupId: number }) {
  const { groupSpace, space } = useSight(groupId);
  return (
    <Panel title="Space">
      {!groupSpace && (
        <NoPermission>How much the group may cache is for its owners to see.</NoPermission>
      )}
      {groupSpace && <OfGroup groupId={groupId} />}
      {space && <OfServer />}
    </Panel>
  );
}

function OfGroup({ groupId }: { groupId: number }) {
  return (
    <Loaded query={useGroupSpace(groupId)} height="4rem">
      {({ cached_bytes: bytes, cache_max_bytes: most }) => (
        <Limited title="This group" bytes={bytes} most={most} word="cached" />
      )}
    </Loaded>
  );
}

function OfServer() {
  return (
    <Loaded query={useSpace()} height="5.5rem">
      {({ stored_bytes: stored, cache_max_bytes: most, storable_bytes: storable }) => (
        <>
          <Limited title="The whole server" bytes={stored} most={most} word="stored" />
          {storable !== null && (
            <p className="small muted">
              {storable > 0
                ? `The disk has room for ${bytesText(storable)} more.`
                : `The disk is ${bytesText(-storable)} beyond what is to stay free.`}
            </p>
          )}
        </>
      )}
    </Loaded>
  );
}

function Limited({
  title,
  bytes,
  most,
  word,
}: {
  title: string;
  bytes: number;
  most: number | null;
  word: string;
}) {
  return (
    <div className="stack-s">
      <h3>{title}</h3>
      {most === null ? (
        <p className="numbers">
          {bytesText(bytes)} {word}; no limit is set
        </p>
      ) : (
        <Meter
          label={`Space of ${title.toLowerCase()}`}
          value={bytes}
          most={most}
          text={`${bytesText(bytes)} of ${bytesText(most)} ${word}`}
        />
      )}
    </div>
  );
}
