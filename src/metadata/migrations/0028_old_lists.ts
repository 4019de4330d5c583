/** Lists that nobody has asked for in a long time are found by their age. */
export const oldLists = (): string[] => ["create index lists_checked on lists (checked_at)"];
