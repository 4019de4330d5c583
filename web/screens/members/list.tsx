import type { Place } from "../../api/places.ts";
import { roleTitle } from "../../api/roles.ts";
import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { SearchField } from "../../ui/fields.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { useParam } from "../../ui/params.ts";
import { Badge } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { ChangeMember, RemoveMember } from "./change.tsx";
import { type Membership, useMembers } from "./queries.ts";

export function MemberList({ place, mayChange }: { place: Place; mayChange: boolean }) {
  const members = useMembers(place);
  const [search, setSearch] = useParam("search");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const isFound = ({ username, name }: Membership) =>
    words.every((word) => `${username} ${name}`.toLowerCase().includes(word));
  return (
    <Loaded query={members} height="16rem">
      {(all) => (
        <>
          <SearchField label="Find a member" value={search} onChange={setSearch} />
          <Table
            label="Members"
            columns={columnsOf(place, mayChange)}
            rows={all.filter(isFound)}
            rowKey={({ id, of }) => `${of.id} ${id}`}
            empty={
              all.length === 0 ? (
                <EmptyState title="No members">Only administrators see this group.</EmptyState>
              ) : (
                "No member has these words."
              )
            }
          />
        </>
      )}
    </Loaded>
  );
}

const columnsOf = ({ group }: Place, mayChange: boolean): Column<Membership>[] => [
  {
    id: "user",
    name: "User",
    isName: true,
    cell: (member) => <Who member={member} />,
    sortBy: ({ username }) => username,
  },
  {
    id: "role",
    name: "Role",
    cell: ({ access_level: level }) => roleTitle(level),
    sortBy: ({ access_level: level }) => level,
  },
  {
    id: "from",
    name: "From",
    cell: ({ of }) =>
      of.id === group.id ? (
        <span className="muted keeps-room">this group</span>
      ) : (
        <span className="keeps-room">
          <Link to={`/members?in=${encodeURIComponent(of.full_path)}`}>
            <bdi>{of.full_path}</bdi>
          </Link>
        </span>
      ),
  },
  { id: "ends", name: "Ends", cell: (member) => <RelativeTime time={member.expires_at} /> },
  {
    id: "actions",
    name: "Actions",
    isHeadless: true,
    cell: (member) =>
      mayChange &&
      member.of.id === group.id && (
        <span className="row deeds">
          <ChangeMember member={member} />
          <RemoveMember member={member} />
        </span>
      ),
  },
];

function Who({ member: { id, username, name, state } }: { member: Membership }) {
  const own = useStore(me)?.user.id;
  return (
    <span>
      <span className="row">
        <bdi>{name}</bdi>
        {id === own && <Badge tone="accent">You</Badge>}
        {state !== "active" && <Badge tone="warn">{state}</Badge>}
      </span>
      {name !== username && <bdi className="small muted">{username}</bdi>}
    </span>
  );
}
