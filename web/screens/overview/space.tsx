import { useRights } from "../../api/rights.ts";
import { bytesText } from "../../ui/format.tsx";
import { Gauge } from "../../ui/gauge.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { useSpace, useSummary } from "./queries.ts";

/** How much of what may be stored is: of the group, and for administrators of the server. */
export function Space({ groupId }: { groupId: number }) {
  const isAdministrator = useRights().is("administrator");
  return (
    <Panel title="Space">
      <Loaded query={useSummary(String(groupId))} height="4rem">
        {({ cached_bytes: bytes, cache_max_bytes: most }) => (
          <Limited title="This group" bytes={bytes} most={most} word="cached" />
        )}
      </Loaded>
      {isAdministrator && <OfServer />}
    </Panel>
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
        <Gauge
          label={`Space of ${title.toLowerCase()}`}
          value={bytes}
          most={most}
          text={`${bytesText(bytes)} of ${bytesText(most)} ${word}`}
        />
      )}
    </div>
  );
}
