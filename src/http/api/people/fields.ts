import { z } from "@hono/zod-openapi";
import { looksLikeToken, passwordLength } from "../../../access/people/contract.ts";
import { idParams } from "../fields.ts";

const time = z.iso.datetime().openapi({ example: "2025-11-03T09:15:00.000Z" });
const { least, mostBytes } = passwordLength;
/** Fewer are the same few letters over and over. */
const leastDifferent = 5;

/** A password that somebody is to have (NIST SP 800-63B, section 5.1.1.2: length counts, not kinds of characters). */
const newPassword = z
  .string()
  .min(1)
  .refine((text) => [...text].length >= least, `is too short (minimum is ${least} characters)`)
  .refine(
    (text) => Buffer.byteLength(text) <= mostBytes,
    `is too long (maximum is ${mostBytes} bytes)`,
  )
  .refine(
    (text) => new Set(text).size >= leastDifferent,
    `is too simple (it must have ${leastDifferent} different characters)`,
  )
  .refine((text) => !looksLikeToken(text), "must not look like a token")
  .openapi({ type: "string", minLength: least, format: "password" });

/** What somebody says it is: judged by comparing, not by form. */
const givenSecret = z.string().min(1).openapi({ format: "password" });

export const passwordOfUser = z.strictObject({ password: newPassword }).openapi("NewPassword");
export const passwordState = z
  .strictObject({ changed_at: time.nullable().openapi({ description: "null: there is none" }) })
  .openapi("PasswordState");
export const ownPassword = z
  .strictObject({ current_password: givenSecret, password: newPassword })
  .openapi("OwnPassword");

const oneWay = {
  message: "username and password, or token alone, must be given",
  params: { ofRequest: true },
};
export const signIn = z
  .strictObject({
    username: z.string().min(1).optional().openapi({ description: "user name or e-mail address" }),
    password: givenSecret.optional(),
    token: givenSecret.optional().openapi({ description: "access token with the scope api" }),
  })
  .refine(({ username, password, token }) => {
    const byPassword = username !== undefined && password !== undefined;
    const neither = username === undefined && password === undefined;
    return token === undefined ? byPassword : neither;
  }, oneWay)
  .openapi("SignIn");

const method = z.enum(["password", "token", "provider"]);
const session = {
  id: z.int(),
  method,
  provider: z.string().nullable(),
  created_at: time,
  last_seen_at: time,
  expires_at: time,
};
export const sessions = z
  .array(z.strictObject({ ...session, current: z.boolean() }))
  .openapi("Sessions");

export const me = z
  .strictObject({
    user: z.strictObject({ id: z.int(), username: z.string(), admin: z.boolean() }),
    scope: z.enum(["api", "read_api"]),
    groups: z.array(z.strictObject({ id: z.int(), full_path: z.string(), role: z.string() })),
    session: z.strictObject({ ...session, idle_seconds: z.int() }).nullable(),
    csrf_token: z
      .string()
      .nullable()
      .openapi({ description: "for the header X-CSRF-Token; null for an access token" }),
    external_url: z
      .string()
      .openapi({ description: "what clients use: scheme, host and port of WEIR_EXTERNAL_URL" }),
  })
  .openapi("Me");

export const methods = z
  .strictObject({
    password: z.boolean(),
    token: z.boolean(),
    providers: z.array(z.strictObject({ name: z.string(), title: z.string(), path: z.string() })),
  })
  .openapi("SignInMethods");

export const identity = z
  .strictObject({ provider: z.string(), issuer: z.string(), subject: z.string() })
  .openapi("Identity");
export const identities = z.array(identity);
export const identitySubject = z.strictObject({ subject: z.string().min(1).max(255) });
export const identityParams = z.strictObject({ ...idParams.shape, provider: z.string().max(64) });
