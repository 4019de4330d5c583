import { useState } from "react";
import type { SortDescriptor } from "react-aria-components";
import { Button } from "./button.tsx";
import { countText } from "./format.tsx";
import { Icon } from "./icons.tsx";
import { Link } from "./link.tsx";
import { type Column, sortedBy, type TableProps } from "./table.tsx";

const atOnce = 100;

/**
 * As `Table`, of plain HTML: for hundreds of rows, of which each costs little. A row leads on by the link that its name is.
 * `isAll`: every row is drawn, since whoever has them brings them bit by bit; otherwise that is done here.
 */
export function PlainTable<T>({
  label,
  columns,
  rows,
  rowKey,
  rowHref,
  sort: firstSort,
  empty = "Nothing here.",
  isAll = false,
}: TableProps<T> & { isAll?: boolean }) {
  const [sort, setSort] = useState(firstSort);
  const [most, setMost] = useState(atOnce);
  const sorted = sortedBy(rows, columns, sort);
  const shown = isAll ? sorted : sorted.slice(0, most);
  const named = columns.find(({ isName }) => isName) ?? columns[0];
  if (rows.length === 0) return <div className="table-empty">{empty}</div>;
  return (
    <>
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} sort={sort} onSort={setSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => {
                const Cell = column === named ? "th" : "td";
                const isLink = rowHref && column === named;
                return (
                  <Cell
                    key={column.id}
                    className={column.isNumber ? "number" : ""}
                    {...(column === named && { scope: "row" })}
                  >
                    <span className="card-label" aria-hidden="true">
                      {!column.isHeadless && column.name}
                    </span>
                    {isLink ? <Link to={rowHref(row)}>{column.cell(row)}</Link> : column.cell(row)}
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < rows.length && (
        <div className="endless-end">
          <Button onPress={() => setMost(most + atOnce)}>Show more</Button>
          <p className="small muted" role="status">
            {countText(shown.length)} of {countText(rows.length)} shown
          </p>
        </div>
      )}
    </>
  );
}

function Head<T>({
  column,
  sort,
  onSort,
}: {
  column: Column<T>;
  sort: SortDescriptor | undefined;
  onSort: (sort: SortDescriptor) => void;
}) {
  const { id, name, isNumber, isHeadless, sortBy } = column;
  const direction = sort?.column === id ? sort.direction : undefined;
  const other = direction === "ascending" ? "descending" : "ascending";
  return (
    <th
      scope="col"
      className={isNumber ? "number" : ""}
      {...(sortBy && { "aria-sort": direction ?? "none" })}
    >
      {sortBy ? (
        <button
          type="button"
          className="sort-button"
          onClick={() => onSort({ column: id, direction: other })}
        >
          {name}
          {direction && <Icon name={direction === "ascending" ? "up" : "down"} size={14} />}
        </button>
      ) : (
        <span className={isHeadless ? "visually-hidden" : ""}>{name}</span>
      )}
    </th>
  );
}
