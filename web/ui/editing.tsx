import { type QueryKey, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ErrorState, Skeleton } from "./states.tsx";

export interface Edited<T> {
  /** As it was when the form came up: what its fields begin with. */
  first: T;
  /** As it is now, as far as one has loaded it. */
  now: T;
  /** For `If-Match`. */
  tag: string;
  /** Reads it anew, as it may be now. */
  reload: () => void;
  /** The same after one's own change: that is no news. */
  saved: () => Promise<void>;
}

/**
 * What a form changes, read when it comes up and not by itself afterwards: what is typed is a change of what was seen. Keyed
 * by `queryKey`; `children` is the form.
 */
export function Editing<T>({
  queryKey,
  read,
  height,
  children,
}: {
  queryKey: QueryKey;
  read: (signal: AbortSignal) => Promise<{ data: T; tag: string }>;
  height: string;
  children: (edited: Edited<T>) => ReactNode;
}) {
  const query = useQuery({
    // Apart from others of the key, which are asked for anew whenever something has changed.
    queryKey: ["edited", ...queryKey],
    queryFn: ({ signal }) => read(signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnReconnect: false,
  });
  const [first, setFirst] = useState<T>();
  const { data, isError, error, refetch } = query;
  if (data === undefined) {
    if (isError) return <ErrorState error={error} onRetry={() => void refetch()} />;
    return <Skeleton height={height} />;
  }
  if (first === undefined) setFirst(data.data);
  return children({
    first: first ?? data.data,
    now: data.data,
    tag: data.tag,
    reload: () => void refetch(),
    saved: async () => {
      const { data: after } = await refetch();
      if (after) setFirst(after.data);
    },
  });
}

/** What somebody else has made of it since the form came up, by field. `words` are those of fields worth telling. */
export function News<T extends object>({
  edited: { first, now },
  words,
}: {
  edited: Edited<T>;
  words: Partial<Record<keyof T & string, string>>;
}) {
  const fields = (Object.keys(words) as (keyof T & string)[]).filter(
    (field) => JSON.stringify(first[field]) !== JSON.stringify(now[field]),
  );
  if (fields.length === 0) return null;
  return (
    <div className="note" role="status">
      <div>
        <p className="note-title">It is now</p>
        <ul className="lines">
          {fields.map((field) => (
            <li key={field}>
              {words[field]}: <bdi>{valueText(now[field])}</bdi>
            </li>
          ))}
        </ul>
        <p>Saving puts what stands in this form in its place.</p>
      </div>
    </div>
  );
}

/** A value of any field, to be read. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string" || typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  return JSON.stringify(value);
}
