import type { SqlWords } from "./index.ts";

/** Two tags that change places at once do not wait for each other in a circle. */
export const contentsInOrder = ({ contentsInOrder: statements }: SqlWords): string[] => statements;
