import { type Command, jsonOption } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { type Columns, printList } from "../output.ts";
import { list as listOf, shapes, type Work } from "../shapes.ts";

const columns: Columns<Work> = {
  name: ({ name }) => name,
  status: ({ status }) => status,
  progress: ({ progress }) =>
    progress.total === null ? progress.done : `${progress.done}/${progress.total}`,
  "last run": ({ last_run_at: at }) => at,
  "next run": ({ next_run_at: at }) => at,
  message: ({ message }) => message,
};

export const work: Command = {
  name: "work",
  summary: "List the server's background work, how far it has come and when it is next.",
  arguments: [],
  options: { ...jsonOption, ...connectionOptions },
  examples: ["weir work"],
  async run(world, given) {
    const api = await connect(world, given);
    return printList(world, given, await api.get(listOf(shapes.work), "/work"), columns);
  },
};
