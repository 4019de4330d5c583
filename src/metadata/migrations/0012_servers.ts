import type { SqlWords } from "./index.ts";

/** What several servers on one database need: a registry can be declared with its id, which is then given out. */
export const servers = ({ givenIds }: SqlWords): string[] => givenIds("registries");
