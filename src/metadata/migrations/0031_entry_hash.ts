import type { SqlWords } from "./index.ts";

/** A number of each repository and reference, by which they are looked up. */
export const entryHash = ({ entryHash: statements }: SqlWords): string[] => statements;
