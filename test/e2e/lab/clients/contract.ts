import { makeFolder, removeTree } from "../folders.ts";
import type { Outcome } from "../processes.ts";
import { everythingRequired, type Need } from "../tools.ts";

/** A real container client with data folders of its own, so that nothing of the machine's is used or changed. */
export interface Client {
  /** Stores credentials for a host; those without a store of their own keep them for the next pull. */
  login(host: string, username: string, password: string): Promise<Outcome>;
  pull(reference: string): Promise<Outcome>;
  /**
   * The digest of the configuration of the image stored under this reference, which names the content of every
   * layer; the client has checked the layers against it, or they are checked here.
   */
  stored(reference: string): Promise<string>;
  /** Forgets all images, to the last byte, but no credentials. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

/** A kind of client: what it is called, whether it works here, and how to get one. */
export interface ClientKind extends Need {
  start(folder: string): Promise<Client>;
}

/**
 * The reason why a client cannot be started here, in one line; undefined when it can. Where it has to be there it is not
 * started for that: the tests fail with the reason.
 */
export async function failure({ name, start }: Pick<ClientKind, "name" | "start">) {
  if (everythingRequired) return undefined;
  const folder = makeFolder();
  try {
    await (await start(folder)).close();
    return undefined;
  } catch (error) {
    // What a program printed last is what it died of.
    const [reason] = String(error).trim().split("\n").toReversed();
    return `${name} does not work here: ${reason}`;
  } finally {
    removeTree(folder);
  }
}
