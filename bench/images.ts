// A database's cache entries as many images leave them, for benches that ask for these.

/** Upstreams 1 to 3 are those of the registry that is asked. */
export const upstreams = 3;
/** Of an image: its tag, its manifest, its configuration and layers. */
export const perImage = 10;
export const imagesPerRepository = 50;

/** `count` entries are so many repositories, and images come to them in turn, as over time. */
export const repositoriesOf = (count: number) => count / perImage / imagesPerRepository;
export const repositoryOf = (image: number, count: number) => image % repositoriesOf(count);
export const upstreamOf = (repository: number) => 1 + (repository % upstreams);
export const nameOf = (repository: number) => `group/project-${repository}/app`;
export const tagOf = (image: number) => `v${image}`;
/** Of entry `n`; in no order, as digests are. */
export const digestOf = (n: number) =>
  `sha256:${(Math.imul(n, scattered) >>> 0).toString(16).padStart(8, "0")}${n.toString(16).padStart(56, "0")}`;
const scattered = 2_654_435_761;

/** How an engine says it. */
export interface FillingWords {
  /** A table of the numbers from `from` to `to`, as `t(n)`. */
  numbers: (from: number, to: number) => string;
  /** A number of so many hexadecimal digits. */
  hex: (number: string, digits: number) => string;
}

export interface Content {
  mediaType: string;
  /** Of each manifest, in SQL. */
  payload: string;
  /** In bytes, of the payload. */
  size: number;
  /** When all of it was stored, in milliseconds since the epoch. */
  at: number;
}

const perStatement = 500_000;

/** Statements that store `count` entries of group 1. Throws unless these are whole repositories. */
export function* fillingStatements(words: FillingWords, count: number, content: Content) {
  if (!Number.isInteger(repositoriesOf(count))) {
    const each = perImage * imagesPerRepository;
    throw new Error(`${count} entries: only whole repositories, of ${each} each`);
  }
  const { mediaType, payload, size, at } = content;
  const digest = (n: string) =>
    `'sha256:' || ${words.hex(`(${n}) * ${scattered} % 4294967296`, 8)} || ${words.hex(n, 56)}`;
  const image = `n / ${perImage}`;
  const part = `n % ${perImage}`;
  const repository = `(${image}) % ${repositoriesOf(count)}`;
  const manifest = digest(`${image} * ${perImage} + 1`);
  for (let start = 0; start < count; start += perStatement) {
    const numbers = words.numbers(start, Math.min(count, start + perStatement) - 1);
    yield `insert into manifests (digest, media_type, payload) select ${manifest}, '${mediaType}', ${payload} from ${numbers} where ${part} = 1`;
    yield `insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type, size,
        upstream_checked_at, downloaded_at, created_at, updated_at)
      select 1, 1 + ${repository} % ${upstreams}, 'group/project-' || (${repository}) || '/app',
        case when ${part} < 2 then 'manifest' else 'blob' end,
        case when ${part} = 0 then 'v' || (${image}) when ${part} = 1 then ${manifest} else ${digest("n")} end,
        case when ${part} < 2 then ${manifest} else ${digest("n")} end,
        'shown', '${mediaType}', ${size}, ${at}, ${at}, ${at}, ${at} from ${numbers}`;
  }
}

export const sqliteFilling: FillingWords = {
  numbers: (from, to) =>
    `(with recursive t(n) as (select ${from} union all select n + 1 from t where n < ${to}) select n from t) t`,
  hex: (number, digits) => `printf('%0${digits}x', ${number})`,
};

export const postgresFilling: FillingWords = {
  numbers: (from, to) => `generate_series(${from}, ${to}) t(n)`,
  hex: (number, digits) => `lpad(to_hex(${number}), ${digits}, '0')`,
};
