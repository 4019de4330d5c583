import { type Key, ToggleButton, ToggleButtonGroup } from "react-aria-components";

/** One of two to five, all of them to be seen. */
export function Segments({
  label,
  choices,
  value,
  onChange,
}: {
  label: string;
  choices: readonly { id: string; label: string }[];
  value: string;
  onChange: (id: string) => void;
}) {
  const changed = (keys: Set<Key>) => {
    const [key] = keys;
    if (key !== undefined) onChange(String(key));
  };
  return (
    <ToggleButtonGroup
      className="segments"
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={changed}
    >
      {choices.map(({ id, label }) => (
        <ToggleButton key={id} id={id} className="segment">
          {label}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
