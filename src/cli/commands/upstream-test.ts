import { type Command, exit, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { container, findUpstream, ofGroup } from "../find.ts";
import { loginGiven, passwordOptions } from "../upstream-fields.ts";
import { shapes } from "../shapes.ts";

/** What helps, by the class of a failed test. */
const fixes: [begin: string, fix: string][] = [
  [
    "unreachable",
    "check its URL, and that the server may go there: WEIR_ALLOWED_UPSTREAM_ADDRESSES must have an inner address, which looks from here as if nobody answered; weir doctor, where the server runs, tells which it is",
  ],
  ["timeout", "try again; where it stays so, look for a firewall that drops what is sent"],
  ["denied", "check user name and password: weir upstream update --username … --password-file …"],
  ["rate limited", "wait, or give it a login, which mostly has a higher limit"],
  ["broken", "the fault is the upstream's; try again later"],
  ["invalid", "check its URL: a registry answers at /v2/ below it"],
];

export const testUpstream: Command = {
  name: "upstream test",
  summary: "Test the connection of an upstream, as it is or with another URL or login.",
  details:
    "The server tests, as it would pull. The stored password goes to the stored URL alone. Ends with 1 where the test fails.",
  arguments: [{ name: "upstream", summary: "id, name, or group/name", optional: true }],
  options: {
    group: {
      value: "GROUP",
      summary: "instead of an upstream: for which --upstream-url is tested",
    },
    "upstream-url": { value: "URL", summary: "the address to test" },
    username: { value: "NAME", summary: "the login to test" },
    ...passwordOptions,
    ...jsonOption,
    ...connectionOptions,
  },
  examples: [
    "weir upstream test docker-hub",
    "weir upstream test --group default --upstream-url https://quay.io",
  ],
  async run(world, given) {
    const { io } = world;
    const login = await loginGiven(world, given);
    const url = given.text("upstream-url");
    const body = { ...(url !== undefined && { url }), ...login };
    const named = given.maybe("upstream");
    const group = given.text("group");
    if ((named === undefined) === (group === undefined)) {
      throw new UsageError("upstream test needs an upstream, or --group and --upstream-url");
    }
    const api = await connect(world, given);
    const path =
      named === undefined
        ? `${ofGroup(group ?? "")}/upstreams/test`
        : `${container}/upstreams/${await findUpstream(api, named)}/test`;
    const result = await api.post(shapes.connectionResult, path, { body });
    if (given.has("json")) io.out(JSON.stringify(result, null, 2));
    else if (result.success) io.out("it answers as a registry does");
    else io.err(explained(result.result ?? "it failed"));
    return result.success ? exit.ok : exit.failed;
  },
};

function explained(result: string): string {
  const said = result.replace(/^Error: /, "");
  const fix = fixes.find(([begin]) => said.startsWith(begin))?.[1];
  return `weir: ${said}${fix === undefined ? "" : `\nweir: ${fix}`}`;
}
