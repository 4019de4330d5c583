import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";
import { countText } from "./format.tsx";
import { Icon } from "./icons.tsx";
import { Link } from "./link.tsx";

export interface Column<T> {
  id: string;
  name: string;
  cell: (row: T) => ReactNode;
  /** What the row is called by; the first column where none says so. */
  isName?: boolean;
  /** Numbers stand at the end, one below the other. */
  isNumber?: boolean;
  /** By what it is sorted; without it, it is not. */
  sortBy?: (row: T) => string | number;
  /** There is nothing to read over it: buttons. */
  isHeadless?: boolean;
}

export interface TableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string | number;
  /** Where a row leads: its name becomes the link, and may have none in it. */
  rowHref?: (row: T) => string;
  /** The order at first. */
  sort?: Sort;
  /** In place of rows. */
  empty?: ReactNode;
  /** Every row is drawn, since whoever has them brings them bit by bit; otherwise that is done here. */
  isAll?: boolean;
}

export interface Sort {
  column: string;
  direction: "ascending" | "descending";
}

const atOnce = 100;

/**
 * For hundreds of rows, in plain HTML, of which each costs little; longer lists are a `VirtualList`. On a narrow screen each
 * row is a card.
 */
export function Table<T>({
  label,
  columns,
  rows,
  rowKey,
  rowHref,
  sort: firstSort,
  empty = "Nothing here.",
  isAll = false,
}: TableProps<T>) {
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
  sort: Sort | undefined;
  onSort: (sort: Sort) => void;
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

/** The rows in the order of a column, which says by what. */
export function sortedBy<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  sort: Sort | undefined,
): readonly T[] {
  const by = columns.find(({ id }) => id === sort?.column)?.sortBy;
  if (!by) return rows;
  const sign = sort?.direction === "descending" ? -1 : 1;
  return [...rows].sort((a, b) => sign * compared(by(a), by(b)));
}

function compared(a: string | number, b: string | number): number {
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });
}
