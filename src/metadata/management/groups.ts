import type { Group } from "../contract.ts";
import { changeGroup } from "../groups.ts";
import type { ManagedGroups } from "./contract.ts";
import type { Writer } from "./writer.ts";

export class SqlGroups implements ManagedGroups {
  constructor(readonly writer: Writer) {}

  change(
    id: number,
    changes: { name?: string | undefined; path?: string | undefined },
  ): Promise<Group | undefined> {
    return this.writer.inGroup(id, (saving) => changeGroup(saving, id, changes));
  }
}
