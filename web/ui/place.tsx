import type { Place } from "../api/places.ts";
import { Select } from "./choices.tsx";
import { useParam } from "./params.ts";

/** Which of the groups below it is meant, where there are any. */
export function PlaceSelect({ place: { group, choices } }: { place: Place }) {
  const [, setIn] = useParam("in");
  if (choices.length < 2) return null;
  return (
    <div className="place">
      <Select
        label="Group"
        value={group.full_path}
        onChange={setIn}
        choices={choices.map(({ full_path: path, name }) => ({
          id: path,
          label: path,
          ...(name !== path && { description: name }),
        }))}
      />
    </div>
  );
}
