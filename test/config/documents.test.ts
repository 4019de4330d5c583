import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { load, loadYaml, secret } from "../fakes/configuration.ts";

describe("examples", () => {
  const folder = path.join(import.meta.dir, "../../examples");
  test.each(readdirSync(folder).filter((file) => file.endsWith(".yaml")))("%s loads", (file) => {
    const text = readFileSync(path.join(folder, file), "utf8");
    const variables = [...text.matchAll(/_env: (\w+)/g)].map(([, name = ""], index) => {
      return [name, `${secret}${index}`];
    });
    const config = loadYaml(text, Object.fromEntries(variables));
    expect(config.declared.registries.length).toBeGreaterThan(0);
  });
});

test("docs/configuration.md tells of every setting, and of its default", () => {
  const text = readFileSync(path.join(import.meta.dir, "../../docs/configuration.md"), "utf8");
  const rows = text.split("\n").filter((line) => /^\| `(?:WEIR|OTEL)_/.test(line));
  for (const { name, value } of load({}).settings) {
    const variable = (name.startsWith("otel_") ? "" : "WEIR_") + name.toUpperCase();
    const row = rows.find((row) => row.includes(`\`${variable}\``));
    const shown = { external_url: "<port>", data_dir: "./data", min_free_bytes: "1GiB" }[name];
    expect(row).toContain(shown ?? (value === null ? "" : `| \`${value}\` |`));
  }
});
