import { type ReactNode, useState } from "react";
import {
  Cell,
  Column as AriaColumn,
  Row,
  type SortDescriptor,
  Table as AriaTable,
  TableBody,
  TableHeader,
} from "react-aria-components";
import { Icon } from "./icons.tsx";

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
  /** Where a row leads as a whole. */
  rowHref?: (row: T) => string;
  /** The order at first. */
  sort?: SortDescriptor;
  /** In place of rows. */
  empty?: ReactNode;
}

/** For as many rows as one looks over; longer lists are a `VirtualList`. On a narrow screen each row is a card. */
export function Table<T extends object>({
  label,
  columns,
  rows,
  rowKey,
  rowHref,
  sort: firstSort,
  empty = "Nothing here.",
}: TableProps<T>) {
  const [sort, setSort] = useState(firstSort);
  const sorted = sortedBy(rows, columns, sort);
  const named = columns.find(({ isName }) => isName) ?? columns[0];
  return (
    <AriaTable
      className="table"
      aria-label={label}
      onSortChange={setSort}
      {...(sort && { sortDescriptor: sort })}
    >
      <TableHeader>
        {columns.map((column) => (
          <AriaColumn
            key={column.id}
            id={column.id}
            textValue={column.name}
            isRowHeader={column === named}
            allowsSorting={column.sortBy !== undefined}
            className={column.isNumber ? "number" : ""}
          >
            <span className={column.isHeadless ? "visually-hidden" : ""}>{column.name}</span>
            {sort?.column === column.id && (
              <Icon name={sort.direction === "ascending" ? "up" : "down"} size={14} />
            )}
          </AriaColumn>
        ))}
      </TableHeader>
      <TableBody renderEmptyState={() => <div className="table-empty">{empty}</div>}>
        {sorted.map((row) => (
          <Row key={rowKey(row)} id={rowKey(row)} {...(rowHref && { href: rowHref(row) })}>
            {columns.map((column) => (
              <Cell key={column.id} className={column.isNumber ? "number" : ""}>
                <span className="card-label" aria-hidden="true">
                  {!column.isHeadless && column.name}
                </span>
                {column.cell(row)}
              </Cell>
            ))}
          </Row>
        ))}
      </TableBody>
    </AriaTable>
  );
}

/** The rows in the order of a column, which says by what. */
export function sortedBy<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  sort: SortDescriptor | undefined,
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
