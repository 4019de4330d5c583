import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import { lost } from "../../api/connection.ts";
import { Unreachable } from "../../api/errors.ts";
import type { components } from "../../api/schema.ts";

type Schemas = components["schemas"];
export type Work = Schemas["Work"];
export type Space = Schemas["Space"];
export type Preview = Schemas["EvictionPreview"];

export interface Readiness {
  isReady: boolean;
  /** `ok`, or why not, by part. */
  parts: Readonly<Record<string, string>>;
}

const healthMs = 10_000;
const workMs = 3000;
const spaceMs = 15_000;

export function useReadiness() {
  return useQuery({ queryKey: ["readiness"], queryFn: readiness, refetchInterval: healthMs });
}

/** Beside the API, and without a login: an answer of 503 is one as well. */
async function readiness({ signal }: { signal: AbortSignal }): Promise<Readiness> {
  try {
    const response = await fetch("/readyz", { signal, cache: "no-store" });
    const { parts } = (await response.json()) as Pick<Readiness, "parts">;
    return { isReady: response.ok, parts };
  } catch (error) {
    if (signal.aborted) throw error;
    lost();
    throw new Unreachable(error);
  }
}

export function useVersion() {
  return useQuery({
    queryKey: ["version"],
    queryFn: ({ signal }) => ask(api.GET("/api/v4/version", { signal })),
  });
}

export function useWork() {
  return useQuery({
    queryKey: ["work"],
    queryFn: ({ signal }) => ask(api.GET("/api/v4/work", { signal })),
    refetchInterval: workMs,
  });
}

export function useSpace() {
  return useQuery({
    queryKey: ["space"],
    queryFn: ({ signal }) => ask(api.GET("/api/v4/space", { signal })),
    refetchInterval: spaceMs,
  });
}

/** What would be evicted now; asked for when somebody looks. */
export function usePreview() {
  return useQuery({
    queryKey: ["space", "evictions"],
    queryFn: ({ signal }) => ask(api.GET("/api/v4/space/evictions", { signal })),
    staleTime: 0,
  });
}
