import { useQuery } from "@tanstack/react-query";
import { roleTitle } from "../../api/roles.ts";
import { Switch } from "../../ui/fields.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { useParam } from "../../ui/params.ts";
import { Badge } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Revoke, Rotate } from "./actions.tsx";
import { keyOf, list, type Owner, type Token } from "./kinds.ts";

const tones = { active: "good", expired: "neutral", revoked: "neutral" } as const;
const words = { active: "Active", expired: "Ended", revoked: "Revoked" } as const;

/** Tokens of one owner; those that have ended where one asks for them. */
export function TokenList({ owner, mayChange }: { owner: Owner; mayChange: boolean }) {
  const tokens = useQuery({
    queryKey: keyOf(owner),
    queryFn: ({ signal }) => list(owner, signal),
  });
  const [ended, setEnded] = useParam("ended");
  return (
    <Loaded query={tokens} height="14rem">
      {(all) => {
        const shown = ended ? all : all.filter(({ state }) => state === "active");
        return (
          <>
            {all.some(({ state }) => state !== "active") && (
              <Switch
                label="Show those that have ended"
                isSelected={ended !== ""}
                onChange={(isOn) => setEnded(isOn ? "1" : "")}
              />
            )}
            <Table
              label="Tokens"
              columns={columnsOf(owner, mayChange)}
              rows={shown}
              rowKey={({ id }) => id}
              empty={<Empty kind={owner.kind} />}
            />
          </>
        );
      }}
    </Loaded>
  );
}

const purposes = {
  personal: "A personal access token stands for its user: for the API, and for clients to pull.",
  group: "A group access token stands for a bot with a role in the group: for automation.",
  deploy: "A deploy token pulls from this group and does nothing else: for servers and clusters.",
};

function Empty({ kind }: { kind: Owner["kind"] }) {
  return <EmptyState title="No tokens in use">{purposes[kind]}</EmptyState>;
}

function columnsOf(owner: Owner, mayChange: boolean): Column<Token>[] {
  const { kind } = owner;
  const all: (Column<Token> | false)[] = [
    {
      id: "name",
      name: "Name",
      isName: true,
      cell: ({ name }) => <bdi>{name}</bdi>,
      sortBy: ({ name }) => name,
    },
    kind === "deploy" && {
      id: "username",
      name: "User name",
      cell: ({ username }) => <code>{username}</code>,
    },
    kind === "group" && { id: "role", name: "Role", cell: ({ level }) => roleTitle(level) },
    {
      id: "scopes",
      name: "Scopes",
      cell: ({ scopes }) => <code className="small">{scopes.join(", ")}</code>,
    },
    {
      id: "state",
      name: "State",
      cell: ({ state }) => <Badge tone={tones[state]}>{words[state]}</Badge>,
    },
    {
      id: "ends",
      name: "Ends",
      cell: ({ expiresAt }) => <RelativeTime time={expiresAt} />,
      sortBy: ({ expiresAt }) => expiresAt ?? "9999",
    },
    {
      id: "used",
      name: "Last used",
      cell: ({ lastUsedAt }) => <RelativeTime time={lastUsedAt} />,
      sortBy: ({ lastUsedAt }) => lastUsedAt ?? "",
    },
    mayChange && {
      id: "actions",
      name: "Actions",
      isHeadless: true,
      cell: (token) => <Actions owner={owner} token={token} />,
    },
  ];
  return all.filter((column) => column !== false);
}

function Actions({ owner, token }: { owner: Owner; token: Token }) {
  if (token.state !== "active") return null;
  // Others' tokens an administrator revokes; their secrets are for their owners.
  const canRotate = owner.kind !== "personal" || owner.isSelf;
  return (
    <span className="row deeds">
      {canRotate && <Rotate owner={owner} token={token} />}
      <Revoke owner={owner} token={token} />
    </span>
  );
}
