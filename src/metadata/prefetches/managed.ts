import { isDeepStrictEqual } from "node:util";
import { MetadataError } from "../contract.ts";
import type { Condition, Page, Removal } from "../management/contract.ts";
import { factOf } from "../management/facts.ts";
import type { Recorded, Writer } from "../management/writer.ts";
import type { Db } from "../schema.ts";
import type { ManagedPrefetches, Prefetch, PrefetchSettings } from "./contract.ts";
import { requireUnchanged } from "../tags.ts";
import { readPrefetch, readPrefetches } from "./rows.ts";
import { settingsOf } from "./settings.ts";

/** Of one registry: a list that somebody can still read, and work that ends. */
const maxPerRegistry = 100;

export class SqlPrefetches implements ManagedPrefetches {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  async list(
    registryId: number,
    { page, perPage }: { page: number; perPage: number },
  ): Promise<Page<Prefetch>> {
    const ids = await idsOf(this.db, registryId);
    const items = await readPrefetches(this.db, ids.slice((page - 1) * perPage, page * perPage));
    return { items, total: ids.length };
  }

  get(id: number): Promise<Prefetch | undefined> {
    return readPrefetch(this.db, id);
  }

  create(registryId: number, settings: PrefetchSettings): Promise<Prefetch | undefined> {
    return this.writer.withRow("registries", registryId, (saving) =>
      make(saving, registryId, settings),
    );
  }

  async declare(registryId: number, settings: PrefetchSettings & { name: string }): Promise<void> {
    await this.writer.withRow("registries", registryId, async (saving) => {
      const present = await named(saving.tx, registryId, settings.name);
      if (present) {
        const { id: _, ...seen } = settingsOf(present);
        if (isDeepStrictEqual(seen, inOrder(settings))) return undefined;
        await drop(saving, present);
      }
      return make(saving, registryId, settings);
    });
  }

  remove(id: number, condition: Condition): Promise<Removal> {
    return this.writer.remove("prefetches", id, condition, async (saving) => {
      const prefetch = await readPrefetch(saving.tx, id);
      if (!prefetch) return;
      requireUnchanged({ tags: condition.tags, unmodifiedSince: undefined }, settingsOf(prefetch));
      await drop(saving, prefetch);
    });
  }
}

/** Undefined for an unknown registry. */
async function make(
  saving: Recorded,
  registryId: number,
  settings: PrefetchSettings,
): Promise<Prefetch | undefined> {
  const { tx, note } = saving;
  const registry = await tx
    .selectFrom("registries")
    .select(["id", "name", "group_id as groupId"])
    .where("id", "=", registryId)
    .executeTakeFirst();
  if (!registry) return undefined;
  if ((await idsOf(tx, registryId)).length >= maxPerRegistry) throw tooMany();
  const { name } = settings;
  if (name !== undefined && (await named(tx, registryId, name))) throw taken(name);
  const id = await insert(saving, registry, settings);
  const details = { registry_id: registryId, ...detailsOf(settings) };
  await note(factOf("prefetch", "create", { id, name, groupId: registry.groupId }, details));
  return readPrefetch(tx, id);
}

async function drop({ tx, note }: Recorded, prefetch: Prefetch): Promise<void> {
  await note(factOf("prefetch", "delete", prefetch, { registry_id: prefetch.registryId }));
  await tx.deleteFrom("prefetches").where("id", "=", prefetch.id).execute();
}

async function named(db: Db, registryId: number, name: string): Promise<Prefetch | undefined> {
  const row = await db
    .selectFrom("prefetches")
    .select("id")
    .where("registry_id", "=", registryId)
    .where("name", "=", name)
    .executeTakeFirst();
  return row && readPrefetch(db, row.id);
}

const inOrder = ({ name, images, platforms, everyHours }: PrefetchSettings): PrefetchSettings => {
  return { name, images, platforms, everyHours };
};

async function idsOf(db: Db, registryId: number): Promise<number[]> {
  const rows = await db
    .selectFrom("prefetches")
    .select("id")
    .where("registry_id", "=", registryId)
    .orderBy("id")
    .execute();
  return rows.map(({ id }) => id);
}

async function insert(
  { tx, now }: Recorded,
  { id: registryId, groupId }: { id: number; groupId: number },
  { name, images, platforms, everyHours }: PrefetchSettings,
): Promise<number> {
  const { id } = await tx
    .insertInto("prefetches")
    .values({
      group_id: groupId,
      registry_id: registryId,
      name: name ?? null,
      platforms: JSON.stringify(platforms),
      every_hours: everyHours ?? null,
      next_run_at: now,
      created_at: now,
      updated_at: now,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  const rows = images.map((image, position) => ({ prefetch_id: id, position, image }));
  await tx.insertInto("prefetch_images").values(rows).execute();
  return id;
}

const detailsOf = ({ images, platforms, everyHours }: PrefetchSettings) => ({
  images: images.length,
  platforms,
  ...(everyHours !== undefined && { every_hours: everyHours }),
});

function taken(name: string): MetadataError {
  const text = "has already been taken";
  return new MetadataError("refused", `the registry has a prefetch "${name}" already`, {
    invalid: { field: "name", text },
  });
}

function tooMany(): MetadataError {
  const text = `has ${maxPerRegistry} prefetches already; delete some, or give one more images`;
  return new MetadataError("refused", `the registry ${text}`, {
    invalid: { field: "registry", text },
  });
}
