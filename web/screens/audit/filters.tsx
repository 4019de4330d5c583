import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { ComboBox } from "../../ui/choices.tsx";
import { TextField } from "../../ui/fields.tsx";
import { useSearchParams } from "wouter";
import { knownActions } from "./words.ts";

export const filterNames = ["actor", "action", "subject", "from", "to"] as const;
export type Filter = Record<(typeof filterNames)[number], string>;

/** The filters of the address. */
export function useFilter(): Filter {
  const [search] = useSearchParams();
  return Object.fromEntries(filterNames.map((name) => [name, search.get(name) ?? ""])) as Filter;
}

/** Puts some filters into the address; the others stay. */
export function useSetFilter(): (change: Partial<Filter>) => void {
  const [, setSearch] = useSearchParams();
  return (change) =>
    setSearch((before) => {
      for (const [name, value] of Object.entries(change)) {
        if (value === "") before.delete(name);
        else before.set(name, value);
      }
      return before;
    });
}

/** As the API has them; days are those of whoever looks. */
export function queryOf({ actor, action, subject, from, to }: Filter, until: string) {
  const dayEnd = to && endOf(to);
  const before = dayEnd && dayEnd < until ? dayEnd : until;
  return {
    ...(actor && { actor }),
    ...(action && { action }),
    ...(subject && { subject }),
    ...(from && startOf(from) && { created_after: startOf(from) }),
    created_before: before,
  };
}

function startOf(day: string, days = 0): string {
  const date = new Date(`${day}T00:00:00`);
  if (Number.isNaN(date.getTime())) return "";
  date.setDate(date.getDate() + days);
  return date.toISOString();
}

const endOf = (day: string) => startOf(day, 1);

export function Filters() {
  const filter = useFilter();
  const key = filterNames.map((name) => filter[name]).join(" ");
  // Another address, by a link or the back button, is another form.
  return <FilterForm key={key} filter={filter} />;
}

function FilterForm({ filter }: { filter: Filter }) {
  const set = useSetFilter();
  const [typed, setTyped] = useState(filter);
  const put = (name: keyof Filter) => (value: string) => setTyped({ ...typed, [name]: value });
  const isFiltered = filterNames.some((name) => filter[name] !== "");
  return (
    <form
      className="filters"
      role="search"
      aria-label="Filter the log"
      onSubmit={(event) => {
        event.preventDefault();
        set(typed);
      }}
    >
      <TextField label="Who" placeholder="user name" value={typed.actor} onChange={put("actor")} />
      <ComboBox
        label="Action"
        inputValue={typed.action}
        onInputChange={put("action")}
        allowsCustomValue
        choices={knownActions
          .filter((action) => action.includes(typed.action))
          .map((action) => ({ id: action, label: action }))}
      />
      <TextField
        label="On what"
        placeholder="upstream:7"
        value={typed.subject}
        onChange={put("subject")}
      />
      <TextField label="From" type="date" value={typed.from} onChange={put("from")} />
      <TextField label="To" type="date" value={typed.to} onChange={put("to")} />
      <div className="row">
        <Button type="submit" variant="primary">
          Filter
        </Button>
        {isFiltered && (
          <Button onPress={() => set({ actor: "", action: "", subject: "", from: "", to: "" })}>
            Clear
          </Button>
        )}
      </div>
    </form>
  );
}
