import { useState } from "react";
import { useSearchParams } from "wouter";
import { useGroup } from "../../api/group.ts";
import type { PullsWanted } from "../../api/live.ts";
import { Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { LiveState } from "../../ui/live-state.tsx";
import { EmptyState, ErrorNote, ErrorState, Loaded, Skeleton } from "../../ui/states.tsx";
import { useSettled } from "../../ui/settled.ts";
import { VirtualRows } from "../../ui/virtual-rows.tsx";
import { Filters } from "./filters.tsx";
import { type Log, newIn, newText } from "./log.ts";
import { OpenedPull } from "./opened.tsx";
import { LogLine } from "./row.tsx";
import { useLog, useTold } from "./use-log.ts";
import { wantedOf } from "./wanted.ts";

const rowHeight = 72;
const listHeight = 640;

/** Pulls as they end: what was asked, how it was answered, and where it failed, why and what to do. */
export default function Live() {
  const { group, isLoading, error } = useGroup();
  return (
    <Page
      title="Live log"
      description="Each request of a pull when its last byte has gone, as this server has answered it."
    >
      {isLoading && <Skeleton height="60vh" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && !group && (
        <EmptyState title="No group yet">
          Registries belong to groups, and you are in none.
        </EmptyState>
      )}
      {group && <OfGroup key={group.id} groupId={group.id} />}
    </Page>
  );
}

function OfGroup({ groupId }: { groupId: number }) {
  const [search] = useSearchParams();
  const typed = JSON.stringify(wantedOf(search));
  const settled = useSettled(typed);
  const wanted = JSON.parse(settled) as PullsWanted;
  return (
    <>
      <Filters groupId={groupId} />
      {/* Of another kind of pulls it is another log. */}
      <Lines key={settled} groupId={groupId} wanted={wanted} />
    </>
  );
}

/** What is shown while the log goes on behind it. */
interface Held {
  log: Log;
  by: "button" | "place";
}

function Lines({ groupId, wanted }: { groupId: number; wanted: PullsWanted }) {
  const { log, events, list } = useLog(groupId, wanted);
  const [held, setHeld] = useState<Held>();
  const [round, setRound] = useState(0);
  const told = useTold(log);
  const shown = held?.log ?? log;
  const isHeld = held !== undefined;
  const waiting = newIn(log, shown);
  // Who reads further down is not pushed away from it, and goes on at the top.
  const seen = (first: number) => {
    if (first > 0 && !held) setHeld({ log, by: "place" });
    if (first === 0 && held?.by === "place") setHeld(undefined);
  };
  const turn = () => {
    setHeld(held ? undefined : { log, by: "button" });
    if (held) setRound(round + 1);
  };
  return (
    <>
      <div className="row live-head">
        <LiveState events={events} />
        <span className="row">
          {isHeld && <span className="small muted numbers">Held; {newText(waiting)} since</span>}
          <Button onPress={turn}>{isHeld ? "Go on" : "Pause"}</Button>
        </span>
      </div>
      <span className="visually-hidden" role="status">
        {isHeld ? "" : told}
      </span>
      {list.isError && list.data !== undefined && (
        <ErrorNote title="The list was not read anew" error={list.error} />
      )}
      <Loaded query={list} height={`${listHeight}px`}>
        {(pulls) =>
          shown.length === 0 && pulls.length === 0 ? (
            <Nothing isFiltered={Object.keys(wanted).length > 0} />
          ) : (
            <VirtualRows
              label="Pulls, the newest first"
              of={String(round)}
              count={shown.length}
              itemAt={(index) => shown[index] as Log[number]}
              rowKey={({ key }) => key}
              rowHeight={rowHeight}
              height={listHeight}
              row={(line) => <LogLine line={line} />}
              onSeen={seen}
            />
          )
        }
      </Loaded>
      <OpenedPull groupId={groupId} log={log} />
    </>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <EmptyState title="No such pull">
      None of those that are remembered is like that. What comes is shown here.
    </EmptyState>
  ) : (
    <EmptyState title="No pull yet">
      Pull an image through a registry of this group, and it is here at once. What was before this
      server was started is in the statistics.
    </EmptyState>
  );
}
