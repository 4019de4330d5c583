/** One number of a family, with what it is of. */
export interface Sample {
  /** What is added to the family's name, of a histogram's parts. */
  suffix?: "_bucket" | "_sum" | "_count";
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** All numbers of one name. */
export interface Family {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  /** The numbers as they are now; none where there is nothing to tell. */
  samples(): Promise<Sample[]>;
}

/** The media type of `metricsText`. */
export const metricsType = "text/plain; version=0.0.4; charset=utf-8";

/** The families in Prometheus' text format, each with its help and type. Waits for all at the same time. */
export async function metricsText(families: readonly Family[]): Promise<string> {
  return (await Promise.all(families.map(familyText))).join("");
}

async function familyText(family: Family): Promise<string> {
  const { name, help, type } = family;
  const lines = (await family.samples()).map(
    ({ suffix = "", labels, value }) => `${name}${suffix}${labelsText(labels)} ${value}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsText(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/["\\\n]/g, (one) => (one === "\n" ? "\\n" : `\\${one}`));
}

/** How many observations were at most so large; noting one costs no memory. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;
  #count = 0;

  /** `bounds` ascend. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length);
  }

  get count(): number {
    return this.#count;
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count++;
    const bounds = this.#bounds;
    for (let i = 0; i < bounds.length; i++) {
      if (value <= bounds[i]!) return void this.#counts[i]!++;
    }
  }

  samples(labels: Sample["labels"]): Sample[] {
    let below = 0;
    const buckets = this.#bounds.map((bound, i): Sample => {
      below += this.#counts[i]!;
      return { suffix: "_bucket", labels: { ...labels, le: String(bound) }, value: below };
    });
    return [
      ...buckets,
      { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: this.#count },
      { suffix: "_sum", labels, value: this.#sum },
      { suffix: "_count", labels, value: this.#count },
    ];
  }
}

/** Stands for all that have come too late to be told apart. */
export const otherLabel = "other";

/** One value for each name, for so many names at most: those that come later share one. */
export class Capped<T> {
  readonly #kept = new Map<string, T>();

  constructor(
    readonly most: number,
    readonly make: () => T,
  ) {}

  of(name: string): T {
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    if (this.#kept.size >= this.most && name !== otherLabel) return this.of(otherLabel);
    const made = this.make();
    this.#kept.set(name, made);
    return made;
  }

  entries(): [string, T][] {
    return [...this.#kept];
  }
}
