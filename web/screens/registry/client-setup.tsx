import { useState } from "react";
import { useSearchParams } from "wouter";
import { usePullHost } from "../../api/address.ts";
import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { Select } from "../../ui/choices.tsx";
import { CodeBlock } from "../../ui/code.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Link } from "../../ui/link.tsx";
import { type Setup, setups } from "../registries/clients.ts";
import { exampleImage } from "../registries/presets.ts";

/** What to type and to write for each client, for this registry; which client is in the address. */
export function ClientSetup({
  registryId,
  firstUrl,
}: {
  registryId: number;
  /** Of the upstream that is asked first: for an image that it has. */
  firstUrl: string | undefined;
}) {
  const at = usePullHost();
  const username = useStore(me)?.user.username ?? "ci";
  const [search, setSearch] = useSearchParams();
  const [typed, setTyped] = useState<string>();
  const example = exampleImage(firstUrl);
  const image = typed ?? example;
  const all = setups({ at, registryId, image: image.trim() || example, username });
  const chosen = all.find(({ id }) => id === search.get("client")) ?? all[0];
  if (!chosen) return null;
  const choose = (id: string) =>
    setSearch(
      (before) => {
        before.set("client", id);
        return before;
      },
      { replace: true },
    );
  return (
    <div className="stack">
      <div className="choose">
        <Select
          label="Client"
          choices={all.map(({ id, name }) => ({ id, label: name }))}
          value={chosen.id}
          onChange={choose}
        />
        <TextField label="Image" value={image} onChange={setTyped} autoComplete="off" />
      </div>
      <Snippets setup={chosen} />
      <p className="muted small">
        $TOKEN is an access token with the scope read_virtual_registry.{" "}
        <Link to={`/welcome?step=2&registry=${registryId}`}>Make one</Link>
      </p>
    </div>
  );
}

/** What one client takes. */
export function Snippets({ setup: { snippets, notes } }: { setup: Setup }) {
  return (
    <>
      {snippets.map(({ title, text }) => (
        <CodeBlock key={title} title={title} text={text} />
      ))}
      {notes.map((note) => (
        <p key={note} className="muted small">
          {note}
        </p>
      ))}
    </>
  );
}
