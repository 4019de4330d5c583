// A server that shares database and bucket with others, as its argument says (`KilledServer`), and kills itself: at one of its
// questions to either, before or after the answer, or at its end.
import { startWeir } from "../../src/app.ts";
import { BucketTransport } from "../../src/blobs/s3/transport.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/lib/log.ts";
import { Connection } from "../../src/metadata/postgres/connection.ts";
import { SteppedClock } from "./clock.ts";
import { quickCost } from "./hashing.ts";
import { openStores, type Places, runWork, type WorkName } from "./space-works.ts";

export interface KilledServer extends Omit<Places, "clock"> {
  /** What its clock says, which stands still. */
  now: number;
  /** Those of the others, and a folder of its own. */
  env: Record<string, string>;
  /** Pulls what is called `latest` of a repository, or does all of a piece of work. */
  does: { path: string; token: string } | { work: WorkName };
  /** The question. */
  at: number;
}

/** The clock stands still, so it would wait for ever for what others have begun. */
const longestMs = 5000;

let left = Number.POSITIVE_INFINITY;

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

function begin(): void {
  left = at;
  setTimeout(die, longestMs);
}

/** Counts the calls of a method, half of the moments being after them. */
function watch<K extends string>(
  target: Record<K, (...given: never[]) => Promise<unknown>>,
  name: K,
): void {
  const call = target[name];
  target[name] = async function (this: unknown, ...given: never[]) {
    if (--left <= 0) die();
    const answer = await call.apply(this, given);
    if (--left <= 0) die();
    return answer;
  };
}

interface Manifest {
  config?: { digest: string };
  layers?: { digest: string }[];
  manifests?: { digest: string }[];
}

async function pullFrom(image: string, token: string): Promise<void> {
  const get = async (what: string) => {
    const answer = await fetch(`${image}/${what}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!answer.ok) throw new Error(`${what}: ${answer.status}`);
    return answer.text();
  };
  const manifest = async (reference: string) =>
    JSON.parse(await get(`manifests/${reference}`)) as Manifest;
  const found = await manifest("latest");
  const [member] = found.manifests ?? [];
  const { config, layers = [] } = member ? await manifest(member.digest) : found;
  for (const { digest } of [...(config ? [config] : []), ...layers]) await get(`blobs/${digest}`);
}

async function serve(): Promise<string> {
  const config = { ...loadConfig(env, noFile), listen: { hostname: "127.0.0.1", port: 0 } };
  const log = createLog(clock, "error", { write() {}, async flush() {} });
  const around = { clock, log, version: "test", random: () => 0, hashingCost: quickCost };
  const { port } = await startWeir(config, around);
  return `http://127.0.0.1:${port}`;
}

const noFile = (file: string): string => {
  throw new Error(`the file ${file} is not there`);
};

const { env, now, does, at, ...places } = JSON.parse(process.argv[2] ?? "") as KilledServer;
const clock = new SteppedClock(now);
watch(Connection.prototype, "executeQuery");
watch(BucketTransport.prototype, "send");
if ("path" in does) {
  const url = await serve();
  begin();
  await pullFrom(url + does.path, does.token);
} else {
  const { metadata, blobs } = await openStores({ ...places, clock });
  begin();
  await runWork(does.work, { space: metadata.space, sweep: metadata.sweep, blobs }, clock);
}
die();
