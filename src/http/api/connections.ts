import type { z } from "@hono/zod-openapi";
import type { UpstreamRecord } from "../../metadata/contract.ts";
import { parseReference, type Reference } from "../../oci/reference.ts";
import {
  type UnsureReason,
  type Upstream,
  type UpstreamClient,
  UpstreamError,
} from "../../upstream/contract.ts";
import * as work from "../../work/contract.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { invalidRecord } from "./errors.ts";
import { idParams } from "./fields.ts";
import { connection, connectionChanges, connectionResult } from "./upstream-fields.ts";
import { findGroup, groupParams, topLevel } from "./groups.ts";
import type { ApiOptions } from "./options.ts";
import { TestRate } from "./test-rate.ts";
import { bothOrNone, refuseInner } from "./upstream-settings.ts";

/** Endpoints 8 and 15. */
export function connectionEndpoints(api: Api, options: ApiOptions): void {
  const { management, client, clock, isInner } = options;
  const rate = new TestRate(clock);
  const tests = new ConnectionTests(client);

  endpoint(
    api,
    {
      method: "post",
      path: "/groups/{id}/-/virtual_registries/container/upstreams/test",
      summary: "Test a connection that is not saved",
      action: "test_upstream",
      params: groupParams,
      body: connection,
      answer: connectionResult,
      status: 200,
      refusals: [429],
    },
    async ({ params, granted, body, caller, author }) => {
      const { id, groupId, path: name } = topLevel(granted(await findGroup(management, params)));
      const given = await body();
      bothOrNone(given);
      refuseHalf(given);
      await refuseInner(isInner, given.url);
      rate.take(caller.userId);
      const target = { ...work.defaultSettings(given.url), ...login(given) };
      const outcome = await tests.run(target, defaultProbe);
      const subject = { kind: "group", id, name };
      const details = { url: target.url, ...outcome };
      await management.by(author).note({ action: "upstream.test", subject, groupId, details });
      return { body: outcome };
    },
  );

  endpoint(
    api,
    {
      method: "post",
      path: "/virtual_registries/container/upstreams/{id}/test",
      summary: "Test the connection of an upstream, as it is or with other settings",
      action: "test_upstream",
      params: idParams,
      body: connectionChanges,
      answer: connectionResult,
      status: 200,
      refusals: [429],
    },
    async ({ params, granted, body, caller, author }) => {
      const stored = granted(await management.upstreams.get(params.id));
      const given = await body();
      const target = targetOf(stored, given);
      await refuseInner(isInner, given.url);
      rate.take(caller.userId);
      const newest = await management.entries.newestManifest(stored.id);
      const reference = newest && parseReference(newest.reference);
      const probe = newest && reference && { repository: newest.repository, reference };
      const outcome = await tests.run(target, probe ?? defaultProbe);
      // Tested as it is: whoever waits for its next trial need not.
      if (outcome.success && target === stored) client.revive(stored, "a test has succeeded");
      const { id, name, groupId } = stored;
      const subject = { kind: "upstream", id, name };
      const details = { url: target.url, ...outcome };
      await management.by(author).note({ action: "upstream.test", subject, groupId, details });
      return { body: outcome };
    },
  );
}

type Given = z.output<typeof connectionChanges>;
type Target = Omit<Upstream, "id" | "name" | "version">;

const login = ({ username, password }: Given) => ({ username, password });

function refuseHalf({ username, password }: Given): void {
  if ((username === undefined) === (password === undefined)) return;
  throw invalidRecord({ [username === undefined ? "username" : "password"]: ["can't be blank"] });
}

/** What is tested of a stored upstream: its own credentials are for its own URL alone. */
function targetOf(stored: UpstreamRecord, given: Given): Target {
  if (given.url !== undefined && given.url !== stored.url) {
    refuseHalf(given);
    return { ...work.defaultSettings(given.url), ...login(given) };
  }
  const hasLogin = "username" in given || "password" in given;
  const asStored = given.username === stored.username && given.password === undefined;
  if (!hasLogin || asStored) return stored;
  refuseHalf(given);
  return { ...stored, ...login(given) };
}

interface Probe {
  repository: string;
  reference: Reference;
}
const defaultProbe: Probe = {
  repository: "library/alpine",
  reference: { kind: "tag", tag: "latest" },
};
const deadlineMs = 10_000;

class ConnectionTests {
  #count = 0;

  constructor(readonly client: UpstreamClient) {}

  /** Under an identity of its own: no token, connection or verdict of the stored upstream has a part in it. */
  async run(target: Target, { repository, reference }: Probe) {
    const { url, username, password, tokenRealm, deniedMeans, ca } = target;
    const upstream: Upstream = {
      id: -++this.#count,
      name: "tested",
      version: 1,
      url,
      username,
      password,
      tokenRealm,
      deniedMeans,
      ca,
    };
    try {
      await this.client.checkManifest(upstream, repository, reference, deadlineMs);
      return { success: true };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return { success: false, result: `Error: ${classes[error.reason]}` };
    }
  }
}

/** What may be said of a failed test. A blocked address looks like one where nobody answers. */
const unreachable = "unreachable - no connection to the upstream";
const classes: Record<UnsureReason, string> = {
  unreachable,
  blocked: unreachable,
  timeout: "timeout - the upstream did not answer in time",
  denied: "denied - the upstream refused us or the credentials",
  rate_limited: "rate limited - the upstream wants to be asked less often",
  broken: "broken - the upstream answered with a failure of its own",
  invalid: "invalid - the answer is not that of a registry",
};
