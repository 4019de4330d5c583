import type { Events } from "../../api/events.ts";
import { keepPull, type Pull, type PullsWanted, usePulls } from "../../api/live.ts";
import { imageText, livePath } from "../../api/paths.ts";
import { RelativeTime } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";

export const failedOnly: PullsWanted = { failed: "true" };
const most = 5;

/** A failure that the stream has told. */
export const keepFailure = (groupId: number, pull: Pull): void =>
  keepPull(groupId, failedOnly, most, pull);

/** The last pulls that failed, each with its reason and what to do. */
export function Failures({ groupId, events }: { groupId: number; events: Events }) {
  return (
    <Panel
      title="Latest failures"
      actions={<Link to={livePath(failedOnly)}>All that are remembered</Link>}
    >
      <Loaded query={usePulls(groupId, failedOnly, most, events)} height="9rem">
        {(pulls) =>
          pulls.length === 0 ? (
            <EmptyState title="No pull has failed">
              Of those that this server remembers, since it was started.
            </EmptyState>
          ) : (
            <ul className="failures">
              {pulls.map((pull) => (
                <li key={pull.id}>
                  <Failure pull={pull} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Failure({ pull }: { pull: Pull }) {
  const { id, at, repository, reference, error } = pull;
  return (
    <>
      <span>
        <Link to={livePath(failedOnly, id)}>
          <bdi>{imageText(repository, reference ?? "tags")}</bdi>
        </Link>{" "}
        <span className="small muted">
          <RelativeTime time={at} />
        </span>
      </span>
      <span>
        <bdi>{error?.message}</bdi>
      </span>
      <span className="small muted">What to do: {error?.next}.</span>
    </>
  );
}
