import { useState } from "react";
import {
  Button as AriaButton,
  Dialog,
  DialogTrigger,
  ListBox,
  ListBoxItem,
  Popover,
} from "react-aria-components";
import { useChooseGroup, useGroup, useGroups } from "../api/group.ts";
import { SearchField } from "../ui/fields.tsx";
import { Icon } from "../ui/icons.tsx";
import { useSettled } from "../ui/settled.ts";

/** Which group is looked at. */
export function GroupSwitcher() {
  const { group } = useGroup();
  return (
    <DialogTrigger>
      <AriaButton className="button group-button">
        <span className="muted group-word">Group</span>
        <bdi className="clipped">{group?.name ?? "…"}</bdi>
        <Icon name="down" size={16} />
      </AriaButton>
      <Popover className="popover" placement="bottom start">
        <Dialog className="group-dialog" aria-label="Choose a group">
          {({ close }) => <Groups close={close} />}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Groups({ close }: { close: () => void }) {
  const [search, setSearch] = useState("");
  const { data = [] } = useGroups(useSettled(search.trim()));
  const { group } = useGroup();
  const choose = useChooseGroup();
  return (
    <>
      <SearchField label="Find a group" value={search} onChange={setSearch} />
      <ListBox
        className="list-box"
        aria-label="Groups"
        selectionMode="single"
        disallowEmptySelection
        selectedKeys={group ? [group.full_path] : []}
        onSelectionChange={(keys) => {
          const [key] = keys === "all" ? [] : [...keys];
          if (key !== undefined) choose(String(key));
          close();
        }}
        items={data.map(({ full_path: path, name }) => ({ id: path, name }))}
        renderEmptyState={() => <p className="table-empty">No group has these words.</p>}
      >
        {({ id, name }) => (
          <ListBoxItem className="list-box-item" textValue={name}>
            <bdi>{name}</bdi>
            {name !== id && <bdi className="description">{id}</bdi>}
          </ListBoxItem>
        )}
      </ListBox>
    </>
  );
}
