import { expect, test } from "bun:test";
import { QueryObserver } from "@tanstack/react-query";
import { queries } from "../../web/api/queries.ts";

test("a change while the first request is under way: it is asked anew, and the former answer is not taken", async () => {
  const requests: PromiseWithResolvers<string>[] = [];
  const asked = Promise.withResolvers<void>();
  const observer = new QueryObserver(queries, {
    queryKey: ["changed"],
    queryFn: () => {
      const request = Promise.withResolvers<string>();
      requests.push(request);
      asked.resolve();
      return request.promise;
    },
  });
  const leave = observer.subscribe(() => {});
  await asked.promise;
  const invalidated = queries.invalidateQueries({ queryKey: ["changed"] });
  requests[0]?.resolve("before");
  for (let i = 0; i < 100 && requests.length < 2; i++) await new Promise(setImmediate);
  requests[1]?.resolve("after");
  await invalidated;
  expect(requests).toHaveLength(2);
  expect(queries.getQueryData<string>(["changed"])).toBe("after");
  leave();
});
