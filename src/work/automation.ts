import { z } from "zod";
import { allEvents, webhookEvents } from "../metadata/contract.ts";
import type { DeclaredPrefetch, DeclaredWebhook } from "./contract.ts";
import { imageName, platform } from "./prefetch/shapes.ts";
import { redacted } from "./settings.ts";
import { file, list, map, secret } from "./shapes.ts";
import { flag, integer, type Leaf, oneOf } from "./text.ts";
import { webhookUrl } from "./webhooks/signature.ts";

/** Of a prefetch. */
export const prefetchLimits = { images: 100, platforms: 20, everyHours: 8760 };
/** The devices of somebody who says nothing of them: what a server pulls. */
export const usualPlatforms = ["linux/amd64"];

/** Webhooks and scheduled prefetches as they stand in a file, with what other things in it have as well. */
export function automationShapes(shared: {
  group: z.ZodDefault<Leaf<string>>;
  name: Leaf<string>;
  description: z.ZodOptional<Leaf<string>>;
  variable: Leaf<string>;
}) {
  const { group, name, description, variable } = shared;
  const { images, platforms, everyHours } = prefetchLimits;
  const once = (items: readonly string[]) => new Set(items).size === items.length;
  return {
    webhook: map({
      group,
      name,
      url: webhookUrl,
      description,
      secret: secret.optional(),
      secret_file: file.optional(),
      secret_env: variable.optional(),
      ca: secret.optional(),
      ca_file: file.optional(),
      events: list(oneOf([allEvents, ...webhookEvents] as const))
        .min(1, "must name at least one event")
        .refine(once, "has one twice")
        .default([allEvents]),
      enabled: flag.default(true),
    }),
    prefetch: map({
      group,
      registry: name,
      name,
      images: list(imageName)
        .min(1, "must name at least one image")
        .max(images, `must be at most ${images} images`)
        .refine(once, "has one twice"),
      platforms: list(platform)
        .min(1, "must name at least one platform")
        .max(platforms, `must be at most ${platforms} platforms`)
        .refine(once, "has one twice")
        .default(usualPlatforms),
      every_hours: integer(1, everyHours, "hours"),
    }),
  };
}

/** As a file would say it, without the secret. */
export const visibleWebhook = ({ description, ca, ...rest }: DeclaredWebhook) => ({
  ...rest,
  secret: redacted,
  ...(description !== undefined && { description }),
  ...(ca !== undefined && { ca }),
});

export const visiblePrefetch = ({ everyHours, ...rest }: DeclaredPrefetch) => ({
  ...rest,
  every_hours: everyHours,
});
