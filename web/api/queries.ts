import {
  type InvalidateOptions,
  type InvalidateQueryFilters,
  QueryClient,
} from "@tanstack/react-query";
import { isPassing } from "./errors.ts";
import { reachable } from "./connection.ts";

const freshMs = 10_000;
const tries = 2;

class Queries extends QueryClient {
  /** As it is, and first requests too are given up and begun anew: what they are answered may be from before the change. */
  override async invalidateQueries(
    filters: InvalidateQueryFilters = {},
    options?: InvalidateOptions,
  ): Promise<void> {
    const { predicate = () => true, ...rest } = filters;
    await this.cancelQueries({
      ...rest,
      predicate: (query) => query.state.data === undefined && predicate(query),
    });
    await super.invalidateQueries(filters, options);
  }
}

/** What was asked, for everybody on the page who asks the same. Keys begin with the API's word for it: `["registries", group]`. */
export const queries = new Queries({
  defaultOptions: {
    queries: {
      // The server may well be there without an internet.
      networkMode: "always",
      staleTime: freshMs,
      retry: (count, error) => isPassing(error) && count < tries,
    },
    // What was changed is not sent twice by itself.
    mutations: { retry: false, networkMode: "always" },
  },
});

// After a restart of the server nothing on the page is known to be so still.
reachable.subscribe(() => {
  if (reachable.value) void queries.invalidateQueries();
});
