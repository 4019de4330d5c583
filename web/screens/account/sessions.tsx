import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { Badge } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";

type Session = components["schemas"]["Sessions"][number];

const methods = { password: "Password", token: "Access token", provider: "Identity provider" };

const columns: readonly Column<Session>[] = [
  {
    id: "method",
    name: "Signed in by",
    isName: true,
    cell: ({ method, provider, current }) => (
      <span className="row">
        <bdi>{provider ?? methods[method]}</bdi>
        {current && <Badge tone="good">This one</Badge>}
      </span>
    ),
  },
  {
    id: "begun",
    name: "Begun",
    cell: (session) => <RelativeTime time={session.created_at} />,
    sortBy: (session) => session.created_at,
  },
  {
    id: "seen",
    name: "Last used",
    cell: (session) => <RelativeTime time={session.last_seen_at} />,
    sortBy: (session) => session.last_seen_at,
  },
  { id: "ends", name: "Ends", cell: (session) => <RelativeTime time={session.expires_at} /> },
  { id: "end", name: "End it", isHeadless: true, cell: (session) => <End session={session} /> },
];

export function Sessions() {
  const sessions = useQuery({
    queryKey: ["user", "sessions"],
    queryFn: ({ signal }) => ask(api.GET("/api/v4/user/sessions", { signal })),
  });
  return (
    <Loaded query={sessions} height="9rem">
      {(rows) => (
        <>
          <Table
            label="Your sessions"
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            sort={{ column: "seen", direction: "descending" }}
          />
          <EndOthers sessions={rows.filter(({ current }) => !current)} />
        </>
      )}
    </Loaded>
  );
}

const endSession = ({ id }: Session) =>
  ask(api.DELETE("/api/v4/user/sessions/{id}", { params: { path: { id } } }));

const ended = () => queries.invalidateQueries({ queryKey: ["user", "sessions"] });

/** For who has signed in somewhere and does not know where any more. */
function EndOthers({ sessions }: { sessions: readonly Session[] }) {
  if (sessions.length < 2) return null;
  const end = async () => {
    await Promise.all(sessions.map(endSession));
    await ended();
    toast("All other sessions have ended.");
  };
  return (
    <div>
      <ConfirmDialog
        title="End all other sessions?"
        action="End sessions"
        trigger={<Button>End all others</Button>}
        onConfirm={end}
      >
        Whoever uses them has to sign in again. This one goes on.
      </ConfirmDialog>
    </div>
  );
}

function End({ session }: { session: Session }) {
  // Signing out is what ends this one.
  if (session.current) return null;
  const end = async () => {
    await endSession(session);
    await ended();
    toast("The session has ended.");
  };
  return (
    <ConfirmDialog
      title="End this session?"
      action="End session"
      trigger={<Button variant="quiet">End</Button>}
      onConfirm={end}
    >
      Whoever uses it has to sign in again.
    </ConfirmDialog>
  );
}
