import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import { api, ask } from "../../api/client.ts";
import type { Pull } from "../../api/live.ts";
import { useGroup } from "../../api/group.ts";
import { useRights } from "../../api/rights.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import type { Log } from "./log.ts";
import { PullDetails } from "./details.tsx";

/** The server remembers no more. */
const mostPulls = 1500;

/** The pull that the address names, over the log. */
export function OpenedPull({ groupId, log }: { groupId: number; log: Log }) {
  const [search, setSearch] = useSearchParams();
  const id = search.get("pull");
  const close = () =>
    setSearch((before) => {
      before.delete("pull");
      return before;
    });
  const line = log.find(({ key }) => key === id);
  return (
    <Dialog
      title="Pull"
      isOpen={id !== null}
      onOpenChange={(isOpen) => {
        if (!isOpen) close();
      }}
    >
      {id !== null &&
        (line?.kind === "pull" ? (
          <Details pull={line.pull} />
        ) : (
          <Remembered groupId={groupId} id={id} />
        ))}
    </Dialog>
  );
}

function Details({ pull }: { pull: Pull }) {
  const { group } = useGroup();
  return <PullDetails pull={pull} maySeeWho={useRights(group).is("maintainer")} />;
}

/** One that is not in the log that is shown: from an address that somebody has kept. */
function Remembered({ groupId, id }: { groupId: number; id: string }) {
  const pull = useQuery({
    queryKey: ["pulls", groupId, "one", id],
    queryFn: async ({ signal }) => {
      const params = { path: { id: String(groupId) }, query: { limit: mostPulls } };
      const pulls = await ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/container/pulls", { params, signal }),
      );
      return pulls.find((each) => each.id === id) ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={pull} height="20rem">
      {(found) =>
        found ? (
          <Details pull={found} />
        ) : (
          <EmptyState title="This pull is not remembered any more">
            The server keeps the latest in memory, since it was started. Its log has the request.
          </EmptyState>
        )
      }
    </Loaded>
  );
}
