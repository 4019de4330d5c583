import { type Command, exitMeanings } from "../../src/cli/command.ts";
import { argumentRow, optionRows, usageLine } from "../../src/cli/help.ts";
import { commands } from "../../src/cli/index.ts";

const cell = (text: string) => text.replaceAll("|", "\\|");
const table = (rows: readonly (readonly [string, string])[]) =>
  ["| | |", "|---|---|", ...rows.map(([name, text]) => `| \`${name}\` | ${cell(text)} |`)].join(
    "\n",
  );

/** Options that nearly all have, told of once. */
const common = ["url", "token-file", "json", "yes"];

function section(command: Command): string {
  const { name, summary, details, arguments: words, options, examples } = command;
  const own = Object.fromEntries(
    Object.entries(options).filter(([option]) => !common.includes(option)),
  );
  const rows = [...words.map(argumentRow), ...optionRows(own)];
  return [
    `### weir ${name}`,
    summary,
    ...(details === undefined ? [] : [details]),
    `\`\`\`sh\n${[`# ${usageLine(command)}`, ...examples].join("\n")}\n\`\`\``,
    ...(rows.length > 0 ? [table(rows)] : []),
  ].join("\n\n");
}

const exits = Object.entries(exitMeanings).map(([code, text]) => `| ${code} | ${cell(text)} |`);

/** docs/cli.md, as the commands describe themselves. */
export function commandsPage(): string {
  return `# Commands

This page is made from the descriptions in \`src/cli/\`, as \`weir help\` is; a test compares. In a clone, \`weir\` is \`node bin/weir.mjs\`.

## Which server, and as whom

Most commands speak to a server by its [API](api.md), as the holder of an access token.

| | first of | else |
|---|---|---|
| server | \`--url\`, \`WEIR_URL\` | the one that is set up here: where \`WEIR_LISTEN\` says, by the configuration of this environment |
| token | \`--token-file\`, \`WEIR_TOKEN\`, \`WEIR_TOKEN_FILE\` | \`WEIR_ADMIN_TOKEN\`, for the server that is set up here |

- No command takes a secret on its command line, where every user of the machine can read it: tokens and passwords come from files, variables or the standard input (\`-\`).
- Secrets that a command makes are printed once, alone on the standard output: \`TOKEN=$(weir token create ci)\`.
- The token is sent to that server alone: no redirect is followed, and no proxy (\`HTTPS_PROXY\`) used. By plain HTTP to another machine it is sent with a warning. Authorities of one's own: \`NODE_EXTRA_CA_CERTS\`.
- Registries and upstreams are named by id, by name, or by \`group/name\`; groups by id or path; users by id or user name.
- \`--json\` prints what the API answers. Tables, colours and progress are for people: colours and progress on terminals alone, no colours with \`NO_COLOR\`.
- What deletes something asks before; \`--yes\` does it without asking, and is needed where nobody can be asked.
- A change is made to what was seen: what somebody else has changed between is not overwritten (exit code 6), as far as the server's \`ETag\` and the look just before the change tell.

## Exit codes

| code | |
|---|---|
${exits.join("\n")}

## Configuration as code

\`\`\`sh
weir export > weir.yaml                         # what is there
weir apply -f weir.yaml --dry-run           # what would be done: exit code 0 for nothing, 10 for something
weir apply -f weir.yaml                     # do it
weir apply -f weir.yaml --delete-missing    # and delete what the file does not have
\`\`\`

The file is the one that a server reads at its start (\`WEIR_CONFIG_FILE\`, [configuration.md](configuration.md)), read by the same code: what is not said of a thing has
its default. \`settings\`, \`sign_in_providers\` and users' \`tokens\` are a server's own; \`apply\` says that it leaves them.

- **Upstreams are found by their name** in their group, registries by \`id\` or else name, groups by path, users by user name. Issuers of id tokens are found by their name, or else their address. Another name is another thing; \`weir upstream update ID --name\`
  and the like rename. A registry with an \`id\` is made with it, by administrators.
- **Exactly what is declared**: a declared registry has the declared upstreams in that order, a declared user the declared memberships. \`dependency_proxy\`, \`cleanup_policy\` and \`cache_max_bytes\` of a group and \`state\` of a user stay as they are where they are not declared. All else that the file does not have stays.
- **\`--delete-missing\`** deletes registries and upstreams that the file does not have in the groups that it speaks of, groups that it does not have, and issuers of id tokens: each sort only if its key
  (\`registries\`, \`upstreams\`, \`groups\`, \`oidc_issuers\`) stands in the file. The group \`default\` and users stay; \`weir user block\` shuts somebody out. It lists all and asks.
- **Webhooks and scheduled prefetches** are found by their names. Those without one are left out of an export, which says so, and stay; a prefetch that is another now is made anew, and what it has brought stays.
- **Not in it**: projects, names and e-mail addresses of users, tokens, prefetches that run once, what is cached and what of it is pinned: make those again by their commands (\`weir prefetch add\`, \`weir cache pin\`).
- **Passwords** are named by \`password_env\` or \`password_file\` (of a Dependency Proxy \`secret_env\`, \`secret_file\`), read where \`apply\` runs. They cannot be read back from a server, so they cannot be compared: one is sent with an upstream that is new or gets another
  URL or user name, and with \`--secrets\` all that are given. Where a password is not needed its variable need not be set: so \`weir export | weir apply -f - --dry-run\` tells of no change.
- **An interrupted \`apply\`** has done what it told before; run again, it does the rest. Who makes a top-level group by \`apply\` is its first owner, as by the API.
- An upstream in no registry can be changed, but not made: the API makes one in the list of a registry.

## Completion

\`\`\`sh
weir completion bash > /etc/bash_completion.d/weir
weir completion zsh > ~/.zfunc/_weir
weir completion fish > ~/.config/fish/completions/weir.fish
\`\`\`

## All commands

${commands.map(section).join("\n\n")}
`;
}
