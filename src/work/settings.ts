import { isMap, type Leaf, nearest, type ReadFile, readText } from "./text.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

type Shown = string | number | boolean;

/** A setting as it may be shown. */
export interface SettingInForce {
  name: string;
  /** Null: not set, and without a default. */
  value: Shown | null;
  /** A variable, a key of the configuration file, or `default`. */
  from: string;
}

/** Variables that OpenTelemetry names, without `WEIR_`. Others of its own are none of ours. */
const telemetryNames = [
  "otel_exporter_otlp_endpoint",
  "otel_exporter_otlp_headers",
  "otel_exporter_otlp_protocol",
  "otel_service_name",
  "otel_traces_sampler",
  "otel_traces_sampler_arg",
];
const isTelemetry = (name: string) => name.startsWith("otel_");

/** Stands where a secret is. */
export const redacted = "[redacted]";

/** Where settings are given: by name, and by `<name>_file` for those that stand in a file of their own. */
export interface SettingSource {
  label: (name: string) => string;
  values: ReadonlyMap<string, string>;
  /** Names that are no settings, but have a meaning here. */
  reserved: readonly string[];
}

/** What Kubernetes puts into the environment for services called `weir` and `weir-…`. */
const kubernetes = /^WEIR_(?:[A-Z0-9_]+_)?(?:SERVICE_(?:HOST|PORT)|PORT)(?:_|$)/;

/** Variables by which commands are told where a server is; in the same shell they are no mistake for a server. */
const ofCommands = ["url", "token", "token_file"];

/** All variables `WEIR_…`, and those that OpenTelemetry names. */
export function settingsFromEnvironment(env: Environment): SettingSource {
  const values = new Map<string, string>();
  for (const name of telemetryNames.flatMap((one) => [one, `${one}_file`])) {
    const value = env[name.toUpperCase()];
    if (value) values.set(name, value);
  }
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("WEIR_") || kubernetes.test(name)) continue;
    // Compose files pass on what is not set as an empty text.
    if (value) values.set(name.slice("WEIR_".length).toLowerCase(), value);
  }
  const label = (name: string) => (isTelemetry(name) ? "" : "WEIR_") + name.toUpperCase();
  return { label, values, reserved: ["config_file", ...ofCommands] };
}

/** The map `settings` of a configuration file; a list stands for its items with commas between. */
export function settingsFromFile(settings: unknown, problems: string[]): SettingSource {
  const label = (name: string) => `settings.${name}`;
  const values = new Map<string, string>();
  if (settings && !isMap(settings)) problems.push("settings: must be a map of settings");
  for (const [name, value] of Object.entries(isMap(settings) ? settings : {})) {
    const parts: unknown[] = Array.isArray(value) ? value : [value];
    const text = parts.join(",");
    if (!parts.every((part) => typeof part === "string")) {
      problems.push(`${label(name)}: must be a single value or a list of them`);
    } else if (text) {
      values.set(name, text);
    }
  }
  return { label, values, reserved: [] };
}

/**
 * Reads settings from several sources, the first that gives one winning, and notes what is in force. Problems are
 * gathered; what has one is read as its default.
 */
export class Settings {
  readonly inForce: SettingInForce[] = [];

  constructor(
    readonly sources: readonly SettingSource[],
    readonly readFile: ReadFile,
    readonly problems: string[],
  ) {}

  get<T>(name: string, leaf: Leaf<T>, fallback: string): T {
    return this.#read(name, leaf, fallback) ?? leaf.parse(fallback);
  }

  /** Undefined where it is not given. */
  find<T>(name: string, leaf: Leaf<T>): T | undefined {
    return this.#read(name, leaf);
  }

  /** As `find`, for what must not be shown. */
  secret(name: string, leaf: Leaf<string>): string | undefined {
    return this.#read(name, leaf, undefined, () => redacted);
  }

  /** Notes a problem with a setting that has been read. */
  refuse(name: string, message: string): void {
    const from = this.#from(name);
    const label = this.sources[0]?.label(name) ?? name;
    this.problems.push(`${from === "default" ? label : from}: ${message}`);
  }

  /** Notes a problem where of two settings one is given without the other. */
  refuseHalf(...names: [string, string]): void {
    const [missing] = names.filter((name) => this.#from(name) === "default");
    const given = names.find((name) => this.#from(name) !== "default");
    if (!missing || !given) return;
    this.refuse(missing, `is missing: ${this.#from(given)} needs it; give both or none`);
  }

  /** Notes a problem with each setting that is given and that nobody has read. */
  refuseOthers(unsupported: readonly string[]): void {
    for (const { label, values, reserved } of this.sources) {
      const known = [...this.inForce.map(({ name }) => name), ...reserved];
      for (const given of values.keys()) {
        const name = given.replace(/_file$/, "");
        if (known.includes(given) || known.includes(name)) continue;
        const meant = nearest(name, known);
        const hint = meant ? `did you mean ${label(meant)}?` : "see docs/configuration.md";
        const message = unsupported.includes(name)
          ? "is not supported by this version; leave it out"
          : `is not a setting; ${hint}`;
        this.problems.push(`${label(given)}: ${message}`);
      }
    }
  }

  #read<T>(
    name: string,
    leaf: Leaf<T>,
    fallback?: string,
    show: (value: T, text: string) => Shown = shown,
  ): T | undefined {
    const given = this.#given(name);
    const text = given.text ?? fallback;
    const result = text === undefined ? undefined : leaf.safeParse(text);
    if (result?.error) this.problems.push(`${given.from}: ${result.error.issues[0]?.message}`);
    const value = result?.success ? show(result.data, text ?? "") : null;
    this.inForce.push({ name, value, from: given.from });
    return result?.data;
  }

  #given(name: string): { text?: string; from: string } {
    const inFile = `${name}_file`;
    for (const { label, values } of this.sources) {
      const text = values.get(name);
      const file = values.get(inFile);
      if (text !== undefined && file !== undefined) {
        this.problems.push(`${label(name)}: stands beside ${label(inFile)}; keep one of them`);
      }
      if (text !== undefined) return { text, from: label(name) };
      if (file !== undefined) return { ...this.#content(file, label(inFile)), from: label(inFile) };
    }
    return { from: "default" };
  }

  #content(file: string, label: string): { text?: string } {
    const text = readText(this.readFile, file);
    if (typeof text === "string") return { text };
    this.problems.push(`${label}: ${text.problem}`);
    return {};
  }

  #from(name: string): string {
    return this.inForce.find((setting) => setting.name === name)?.from ?? "default";
  }
}

function shown(value: unknown, text: string): Shown {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "string"
    ? value
    : text;
}
