import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Metadata } from "../metadata/contract.ts";
import { cleanupWork } from "./cleanup.ts";
import { expiryWork } from "./expiry.ts";
import { purgingWork } from "./purging.ts";
import type { Work } from "./runner/contract.ts";

const dayMs = 86_400_000;

export interface BackgroundOptions {
  metadata: Metadata;
  clock: Clock;
  log: Log;
  /** 0: audit events are kept for ever. */
  auditDays: number;
}

/** What a server does when nobody waits for it. */
export function backgroundWork({ metadata, clock, log, auditDays }: BackgroundOptions): Work[] {
  const { management, identity, audit, purges, cleanup } = metadata;
  const spent = async () => {
    await identity.tokens.sweep();
    return 0;
  };
  const tokens = { name: "expired_tokens", what: "tokens", expire: spent, log };
  const old = () => management.dependencyProxies.expire();
  const entries = { name: "expired_entries", what: "entries", expire: old, log };
  const past = () => audit.expire(clock.now() - auditDays * dayMs);
  const events = { name: "expired_audit_events", what: "audit events", expire: past, log };
  return [
    purgingWork({ purges, management, log }),
    cleanupWork({ runs: cleanup, log }),
    expiryWork(tokens),
    expiryWork(entries),
    ...(auditDays === 0 ? [] : [expiryWork(events)]),
  ];
}
