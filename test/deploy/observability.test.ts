import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { FakeUpstream } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { TestWeir } from "../fakes/weir.ts";

const top = path.join(import.meta.dir, "../..");
const read = (file: string) => readFileSync(path.join(top, file), "utf8");
const operations = read("docs/operations.md");

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string; runbook: string };
}
const { groups } = parse(read("deploy/observability/alerts.yaml")) as {
  groups: { rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

/** Every expression of the dashboard, wherever it stands. */
function expressions(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === "expr" || key === "definition") && typeof inner === "string"
      ? [inner]
      : expressions(inner),
  );
}
const dashboard = expressions(JSON.parse(read("deploy/observability/dashboard.json")));
const namesIn = (texts: string[]) => [
  ...new Set(texts.flatMap((text) => text.match(/\b(?:weir|process)_[a-z0-9_]+/g) ?? [])),
];

let upstream: FakeUpstream;
let weir: TestWeir;
/** Families by name, and all names that have a number in them. */
let told: { families: Map<string, string>; samples: Set<string> };
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }], env: collector });
  upstream.image("library/app", "latest");
  const headers = { "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "42;w=21600" };
  upstream.fault("*", { headers });
  await weir.manifest("library/app", "latest");
  // What is counted behind scrapes, and by work that begins a minute after the start.
  weir.clock.step(61_000);
  let text = "";
  await until(async () => {
    text = await (await fetch(`${weir.url}/metrics`)).text();
    return /^weir_store_blobs \d/m.test(text) && /^weir_quarantine_bytes \d/m.test(text);
  });
  const lines = text.split("\n");
  const families = lines.flatMap((line) => {
    const [, name, type] = /^# TYPE (\w+) (\w+)$/.exec(line) ?? [];
    return name && type ? [[name, type] as const] : [];
  });
  const samples = lines.flatMap((line) => /^[a-z]\w*/.exec(line)?.[0] ?? []);
  told = { families: new Map(families), samples: new Set(samples) };
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
});

const testFiles = ["alerts.test.yaml", "alerts-days.test.yaml"];

describe("metrics", () => {
  test("each is described in docs/operations.md, and no other", () => {
    const described = operations
      .split("\n")
      .filter((line) => /^\| `(?:weir|process)_/.test(line))
      .flatMap((line) => line.split("|")[1]?.match(/\w+_\w+/g) ?? []);
    expect(described.toSorted()).toEqual([...told.families.keys()].toSorted());
  });

  test("each family has a number, once something was pulled", () => {
    // The event loop is watched for a moment before there is something to say of it.
    const silent = [...told.families].filter(
      ([name, type]) => !told.samples.has(type === "histogram" ? `${name}_count` : name),
    );
    expect(silent.filter(([name]) => name !== "weir_event_loop_delay_seconds")).toEqual([]);
  });

  test.each([
    ["alerts.yaml", [read("deploy/observability/alerts.yaml")]],
    [testFiles.join(" and "), testFiles.map((file) => read(`deploy/observability/${file}`))],
    ["dashboard.json", dashboard],
  ])("those that %s asks for are there", (_, texts) => {
    const known = new Set(
      [...told.families].flatMap(([name, type]) =>
        type === "histogram"
          ? ["_bucket", "_sum", "_count"].map((suffix) => name + suffix)
          : [name],
      ),
    );
    const asked = namesIn(texts);
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  test("each of the server has its place in the dashboard", () => {
    const shown = new Set(
      namesIn(dashboard).map((name) => name.replace(/_(?:bucket|sum|count)$/, "")),
    );
    expect([...told.families.keys()].filter((name) => !shown.has(name))).toEqual([]);
  });

  test("their values of labels are those that the server gives", () => {
    const statuses = "hit stale revalidated miss collapsed window bypass absent refused".split(" ");
    const asked = [...dashboard, ...rules.map(({ expr }) => expr)].flatMap((text) =>
      [...text.matchAll(/cache_status(?:=|!=|=~|!~)"([^"]+)"/g)].flatMap(([, values = ""]) =>
        values.split("|"),
      ),
    );
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((status) => !statuses.includes(status))).toEqual([]);
  });
});

describe("alerts", () => {
  const tests = testFiles.map(
    (file) =>
      parse(read(`deploy/observability/${file}`)) as {
        tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
      },
  );
  const expected = tests.flatMap((file) => file.tests.flatMap((one) => one.alert_rule_test));

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    "%s is described, and tested both ways",
    (name, rule) => {
      expect(rule.annotations.runbook).toBe(`docs/operations.md#${name.toLowerCase()}`);
      expect(operations).toContain(`\n### ${name}\n`);
      const own = expected.filter(({ alertname }) => alertname === name);
      expect(own.some(({ exp_alerts: fired }) => fired.length === 0)).toBe(true);
      expect(own.some(({ exp_alerts: fired }) => fired.length > 0)).toBe(true);
    },
  );

  test("none is described that is not there", () => {
    const described = [...operations.matchAll(/^### (Weir\w+)$/gm)].map(([, name]) => name ?? "");
    expect(described).toEqual(rules.map(({ alert }) => alert));
  });
});
