import { bucketBits } from "../search/buckets.ts";
import type { SqlWords } from "./index.ts";

/** All that is counted of a change is noted at once, and added up at once. */
export const countedTogether = ({ countedTogether: statements }: SqlWords): string[] =>
  statements(bucketBits);
