import type { Config } from "./config.ts";

export type Examine = (config: Config) => Promise<void>;
export const examine: Examine = async () => {};
