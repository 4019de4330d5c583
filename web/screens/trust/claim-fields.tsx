import { Button, IconButton } from "../../ui/button.tsx";
import { TextField } from "../../ui/fields.tsx";
import type { ClaimRow } from "./claims.ts";

/** Claims, one a row; all of them must match. */
export function ClaimFields({
  of,
  rows,
  onChange,
}: {
  /** Whose, as in “rule 1”. */
  of: string;
  rows: readonly ClaimRow[];
  onChange: (rows: ClaimRow[]) => void;
}) {
  const put = (index: number, change: Partial<ClaimRow>) =>
    onChange(rows.map((row, i) => (i === index ? { ...row, ...change } : row)));
  return (
    <div className="claims">
      {rows.map((row, index) => (
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index} className="claim">
          <TextField
            label={`Claim ${index + 1} of ${of}`}
            placeholder="project_path"
            value={row.claim}
            onChange={(claim) => put(index, { claim })}
          />
          <TextField
            label={`Value ${index + 1} of ${of}`}
            placeholder="acme/**"
            value={row.value}
            onChange={(value) => put(index, { value })}
          />
          <IconButton
            label={`Take claim ${index + 1} of ${of} away`}
            icon="close"
            onPress={() => onChange(rows.filter((_, i) => i !== index))}
          />
        </div>
      ))}
      <div>
        <Button
          variant="quiet"
          icon="plus"
          onPress={() => onChange([...rows, { claim: "", value: "" }])}
        >
          Add claim
        </Button>
      </div>
    </div>
  );
}
