import { errors, type JWTPayload, jwtVerify } from "jose";
import { claimsMatch } from "../lib/claims.ts";
import type { Clock } from "../lib/clock.ts";
import { clip, type Log } from "../lib/log.ts";
import { LruMap } from "../lib/lru.ts";
import { hashSecret } from "../lib/secret.ts";
import type { Directory, Group, OidcIssuer, OidcIssuers, PullRule } from "../metadata/contract.ts";
import type { DocumentClient } from "../upstream/contract.ts";
import type { BasicCredentials } from "./contract.ts";
import { createHolder, type Holder, type Proven, type Prover } from "./holder.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { type ReadJwt, readJwt } from "./jwt.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

interface Options {
  issuers: Pick<OidcIssuers, "trusted">;
  /** What a token of an issuer is for that has no audiences of its own. */
  ownAudiences: readonly string[];
  directory: Pick<Directory, "group">;
  documents: DocumentClient;
  clock: Clock;
  log: Log;
}

interface Known {
  issuer: TrustedIssuer;
  keys: IssuerKeys;
  /** Another one with each change of its configuration: what was issued under a former one counts no more. */
  version: string;
}

/** The issuers as they are now. */
interface Trust {
  /** What was made of this list. */
  list: readonly OidcIssuer[];
  byIssuer: ReadonlyMap<unknown, Known>;
  byVersion: ReadonlyMap<string, Known>;
}

const nobody: Trust = { list: [], byIssuer: new Map(), byVersion: new Map() };

/** What a pull token says of a job. */
interface Pass {
  name: string;
  rule: PullRule;
  expiresAt: number;
  /** Of the group as it is now. */
  held: { group: Group; holder: Holder } | undefined;
}

const maxPasses = 4096;
const dayMs = 86_400_000;
const maxName = 200;
/** Version of the issuer, number of the rule, end in seconds, name. */
const idForm = /^([\da-f]{16})\.(\d{1,3})\.(\d{1,11})\.([!-~]{1,210})$/;
/** A token that brings its own key, or says where to get it, is nobody's proof (RFC 8725, section 3.10). */
const keyMaterial = ["jwk", "jku", "x5u", "x5c"];

/** Id tokens of jobs as passwords. The user name does not matter. */
export class IdTokens implements Prover {
  readonly kind = "ci";
  readonly #options: Options;
  #trust = nobody;
  /** Of keys: none has that of another, or of what it was before its keys were to be had elsewhere. */
  #lastId = 0;
  readonly #passes = new LruMap<string, Pass>(maxPasses);

  constructor(options: Options) {
    this.#options = options;
  }

  /** What is trusted now. The keys of those stay that have not become others. */
  async #trusted(): Promise<Trust> {
    const list = await this.#options.issuers.trusted();
    if (list === this.#trust.list) return this.#trust;
    const before = [...this.#trust.byVersion.values()];
    const known = list.map((given): Known => {
      const issuer = { ...given, audiences: given.audiences ?? this.#options.ownAudiences };
      const same = before.find((one) => keySource(one.issuer) === keySource(issuer));
      const keys = same?.keys ?? new IssuerKeys({ ...this.#options, issuer, id: ++this.#lastId });
      return { issuer, keys, version: hashSecret(JSON.stringify(issuer)).slice(0, 16) };
    });
    this.#trust = {
      list,
      byIssuer: new Map(known.map((one) => [one.issuer.issuer, one])),
      byVersion: new Map(known.map((one) => [one.version, one])),
    };
    this.#passes.clear();
    return this.#trust;
  }

  async prove({ password }: BasicCredentials): Promise<Proven | undefined> {
    const read = readJwt(password);
    const known = read && (await this.#trusted()).byIssuer.get(read.claims["iss"]);
    if (!known) return undefined;
    const { name } = known.issuer;
    const verified = await this.#verify(known, password, read);
    if (typeof verified === "string") return this.#refuse({ issuer: name, reason: verified });
    const subject = nameOf(verified);
    const index = ruleFor(known.issuer, verified);
    if (index === undefined) return this.#refuse({ issuer: name, subject, reason: "no rule" });
    // A day is more than any pull token lives.
    const end = Math.min(verified.exp, Math.floor((this.#options.clock.now() + dayMs) / 1000));
    const id = `${known.version}.${index}.${end}.${subject}`;
    const holder = await this.find(id);
    if (!holder) return this.#refuse({ issuer: name, subject, reason: "no group" });
    return { id, holder, expiresAt: end * 1000 };
  }

  async find(id: string): Promise<Holder | undefined> {
    const pass = this.#passes.get(id) ?? (await this.#read(id));
    if (!pass || this.#options.clock.now() >= pass.expiresAt) return undefined;
    const group = await this.#options.directory.group(pass.rule.group);
    if (!group) return undefined;
    // As long as the directory has the same group, nothing has been changed: not who is trusted either.
    if (pass.held?.group === group) return pass.held.holder;
    if (!(await this.#trusted()).byVersion.has(versionIn(id))) return undefined;
    pass.held = { group, holder: holderOf(pass, group) };
    return pass.held.holder;
  }

  async #read(id: string): Promise<Pass | undefined> {
    const [, version = "", index, end, subject] = idForm.exec(id) ?? [];
    const issuer = (await this.#trusted()).byVersion.get(version)?.issuer;
    const rule = issuer?.rules[Number(index)];
    if (!rule) return undefined;
    const name = `ci:${issuer.name}:${subject}`;
    const pass = { name, rule, expiresAt: Number(end) * 1000, held: undefined };
    this.#passes.set(id, pass);
    return pass;
  }

  /** The claims, or why they do not count. */
  async #verify(
    { issuer, keys }: Known,
    token: string,
    { header }: ReadJwt,
  ): Promise<Verified | string> {
    const alg = issuer.algorithms.find((one) => one === header["alg"]);
    if (alg === undefined) return "algorithm";
    if (keyMaterial.some((member) => member in header)) return "key in the token";
    // Other kinds of tokens say what they are (RFC 8725, section 3.11).
    const { typ = "JWT" } = header;
    if (typeof typ !== "string" || typ.toUpperCase() !== "JWT") return "type";
    try {
      const key = await keys.find({ ...header, alg });
      if (!key) return "key";
      const now = this.#options.clock.now();
      const { payload } = await jwtVerify(token, key, {
        algorithms: [alg],
        issuer: issuer.issuer,
        audience: [...issuer.audiences],
        requiredClaims: ["exp", "iat", "sub"],
        clockTolerance: issuer.leewaySeconds,
        currentDate: new Date(now),
      });
      const { exp: end = 0, iat = Infinity, sub } = payload;
      const exp = Math.floor(end);
      if (typeof sub !== "string" || sub === "") return "claim sub";
      // The leeway is for a beginning: nothing that is issued for a token may outlive it.
      if (exp * 1000 <= now) return "expired";
      if (iat * 1000 > now + issuer.leewaySeconds * 1000) return "not yet valid";
      return { ...payload, exp, sub };
    } catch (error) {
      if (error instanceof errors.JOSEError) return reasonOf(error);
      throw error;
    }
  }

  /** Whoever sent it is told nothing; the operator is. */
  #refuse(fields: { issuer: string; subject?: string; reason: string }): undefined {
    this.#options.log.info("id token refused", fields);
  }
}

/** Where an issuer's keys are had from, and what they are told of by. */
const keySource = ({ name, issuer, jwksUri, ca }: TrustedIssuer) =>
  JSON.stringify([name, issuer, jwksUri, ca]);

const versionIn = (id: string) => id.slice(0, id.indexOf("."));

type Verified = JWTPayload & { exp: number; sub: string };

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature";
  if (!(error instanceof errors.JWTClaimValidationFailed)) return "form";
  return error.claim === "nbf" ? "not yet valid" : `claim ${error.claim}`;
}

/** The number of the first rule that matches. */
function ruleFor({ requiredClaims, rules }: TrustedIssuer, claims: Verified): number | undefined {
  if (!claimsMatch(requiredClaims, claims)) return undefined;
  const index = rules.findIndex((rule) => claimsMatch(rule.claims, claims));
  return index === -1 ? undefined : index;
}

/** What people know the job by: its project at GitLab, its repository at GitHub, else the subject. Printable. */
function nameOf({ project_path: project, repository, sub }: Verified): string {
  const said = [project, repository, sub].find((text) => typeof text === "string" && text !== "");
  return clip(String(said).replace(/[^!-~]/g, "_"), maxName).replace("…", "...");
}

function holderOf({ name, rule }: Pass, group: Group): Holder {
  const authority = { kind: "ci", scopes: rule.pull, groupId: group.id } as const;
  return createHolder(authority, { kind: "ci", name });
}
