import type { OidcIssuerJson } from "../../http/api/contract.ts";
import type { Api } from "../client.ts";
import { type Command, exit, Failure, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions, readSource } from "../connection.ts";
import { issuerPath, issuersPath } from "../find.ts";
import type { Given } from "../given.ts";
import { type Columns, printItem, printList } from "../output.ts";
import { shapes } from "../shapes.ts";

const options = { ...jsonOption, ...connectionOptions };
const issuer = { name: "issuer", summary: "id or name" } as const;

const columns: Columns<OidcIssuerJson> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  issuer: ({ issuer: url }) => url,
  rules: ({ rules }) => rules.length,
  groups: ({ rules }) => [...new Set(rules.map(({ group }) => group))].join(" "),
};

async function findIssuer(api: Api, named: string): Promise<number> {
  if (/^\d{1,15}$/.test(named)) return Number(named);
  const all = await api.all(shapes.oidcIssuer, issuersPath);
  const found = all.find(({ name }) => name === named);
  if (found) return found.id;
  throw new Failure(`there is no issuer "${named}"; weir issuer list shows them`, exit.notFound);
}

const list: Command = {
  name: "issuer list",
  summary: "List the issuers whose id tokens jobs can log in with.",
  arguments: [],
  options,
  examples: ["weir issuer list"],
  async run(world, given) {
    const api = await connect(world, given);
    return printList(world, given, await api.all(shapes.oidcIssuer, issuersPath), columns);
  },
};

const show: Command = {
  name: "issuer show",
  summary: "Show what the tokens of an issuer must say, and what they open.",
  arguments: [issuer],
  options,
  examples: ["weir issuer show gitlab"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = issuerPath(await findIssuer(api, given.argument("issuer")));
    return printItem(world, given, await api.get(shapes.oidcIssuer, path));
  },
};

const add: Command = {
  name: "issuer add",
  summary: "Trust an issuer of id tokens, from the next login on.",
  details:
    "It gets one rule. Several rules, claims within claims and further keys are for weir apply, whose file has them under oidc_issuers.",
  arguments: [
    { name: "name", summary: "how it is called here" },
    { name: "issuer", summary: "its address, as it stands in tokens as iss" },
  ],
  options: {
    claim: {
      value: "CLAIM=PATTERN",
      summary: "what a token must say; * is any text without a slash, ** any text",
      many: true,
    },
    group: { value: "GROUP", summary: "what it opens; the group default where none is named" },
    pull: {
      value: "ROAD",
      summary: "what of the group: all that it has, where none is named",
      choices: ["registries", "dependency_proxies"],
      many: true,
    },
    audience: { value: "TEXT", summary: "whom tokens are for instead of this server", many: true },
    "ca-file": { value: "FILE", summary: "with the authorities of its certificate, in PEM" },
    ...options,
  },
  examples: [
    "weir issuer add gitlab https://gitlab.example.com --claim 'project_path=acme/**' --group acme",
  ],
  async run(world, given) {
    const file = given.text("ca-file");
    const body = {
      name: given.argument("name"),
      issuer: given.argument("issuer"),
      ...(given.has("audience") && { audiences: given.list("audience") }),
      ...(file !== undefined && { ca: await readSource(world, file) }),
      rules: [
        {
          claims: claimsOf(given),
          ...(given.has("group") && { group: given.text("group") }),
          ...(given.has("pull") && { pull: given.list("pull") }),
        },
      ],
    };
    const api = await connect(world, given);
    return printItem(world, given, await api.post(shapes.oidcIssuer, issuersPath, { body }));
  },
};

/** One that is given several times must be one of them. */
function claimsOf(given: Given): Record<string, string | string[]> {
  const pairs = given.list("claim").map((text) => {
    const sign = text.indexOf("=");
    if (sign < 1) throw new UsageError(`--claim must be CLAIM=PATTERN, unlike "${text}"`);
    return [text.slice(0, sign), text.slice(sign + 1)] as const;
  });
  if (pairs.length === 0) throw new UsageError("issuer add needs a --claim");
  const byClaim = Map.groupBy(pairs, ([claim]) => claim);
  return Object.fromEntries(
    [...byClaim].map(([claim, all]) => {
      const [first = "", ...more] = all.map(([, pattern]) => pattern);
      return [claim, more.length > 0 ? [first, ...more] : first];
    }),
  );
}

const remove: Command = {
  name: "issuer delete",
  summary: "Trust an issuer no longer; what was issued for its tokens ends.",
  arguments: [issuer],
  options: connectionOptions,
  examples: ["weir issuer delete gitlab"],
  async run(world, given) {
    const api = await connect(world, given);
    await api.delete(issuerPath(await findIssuer(api, given.argument("issuer"))));
    return exit.ok;
  },
};

export const issuerCommands = [list, show, add, remove];
