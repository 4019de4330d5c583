import type { Caller } from "../../access/contract.ts";
import type { UpstreamRecord } from "../../metadata/contract.ts";
import type { PullFilter } from "../live/filter.ts";
import type { PastPull } from "../live/pulls.ts";
import { fillJson, healthJson, pullJson } from "../live/represent.ts";
import type { ApiOptions } from "./options.ts";
import { upstreamsFor } from "./shown.ts";

/** What somebody may see of what happens in a group, as his rights were a moment ago. */
export class LiveView {
  private constructor(
    readonly options: ApiOptions,
    readonly groupId: number,
    readonly caller: Caller,
    readonly upstreams: readonly UpstreamRecord[],
    readonly hidden: ReadonlySet<number>,
  ) {}

  static async of(caller: Caller, groupId: number, options: ApiOptions): Promise<LiveView> {
    const { shown, hidden } = await upstreamsFor(caller, groupId, options);
    return new LiveView(options, groupId, caller, shown, new Set(hidden.map(({ id }) => id)));
  }

  /** The same for whoever he is now; undefined where he may see nothing any more. */
  static async again(
    caller: Caller | undefined,
    groupId: number,
    options: ApiOptions,
  ): Promise<LiveView | undefined> {
    const subject = { kind: "registry", groupId } as const;
    if (caller?.judge("read_registry", subject) !== "allowed") return undefined;
    if ((await options.directory.switchedOff()).has(groupId)) return undefined;
    if (!(await options.management.group({ id: groupId }))) return undefined;
    return LiveView.of(caller, groupId, options);
  }

  get showsActors(): boolean {
    const subject = { kind: "registry", groupId: this.groupId } as const;
    return this.caller.judge("read_pullers", subject) === "allowed";
  }

  positionOf(pull: PastPull): string {
    return this.options.recentPulls.positionOf(pull);
  }

  pull(pull: PastPull) {
    return pullJson(pull, this.positionOf(pull), this.showsActors);
  }

  /** The newest first. */
  async pulls(filter: PullFilter, limit: number) {
    const found: ReturnType<LiveView["pull"]>[] = [];
    for await (const pull of filter.of([...this.options.recentPulls.newest()])) {
      found.push(this.pull(pull));
      if (found.length >= limit) break;
    }
    return found;
  }

  async fills() {
    const shown = new Set(this.upstreams.map(({ id }) => id));
    const all = await this.options.puller.fills();
    return all.filter(({ upstreamId }) => shown.has(upstreamId)).map(fillJson);
  }

  health() {
    const { client, recentRequests, clock } = this.options;
    return this.upstreams.map((upstream) =>
      healthJson(upstream, client.health(upstream), recentRequests.of(upstream.id), clock.now()),
    );
  }
}
