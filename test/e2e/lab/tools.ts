import { environment } from "./processes.ts";

/** Something of the machine that a test cannot do without. */
export interface Need {
  name: string;
  /** Undefined when it works here, else why it does not. */
  lacking(): Promise<string | undefined>;
}

/** The path of a program, looked up as its users would. */
export function findTool(name: string): string | undefined {
  return Bun.which(name, environment("/")) ?? undefined;
}

/** A program that has to be there. */
export function tool(name: string): Need {
  return {
    name,
    lacking: async () => (findTool(name) ? undefined : `${name} is not installed`),
  };
}

/** Where everything is installed on purpose, a test that cannot run is a failure. */
export const everythingRequired =
  ["true", "1"].includes(process.env["CI"] ?? "") || process.env["WEIR_E2E_REQUIRE"] === "1";

const answers = new Map<Need, Promise<string | undefined>>();

/** The reasons why these needs are not met; each need is tried once. */
export async function lacking(needs: readonly Need[]): Promise<string[]> {
  const reasons = await Promise.all(
    needs.map((need) => {
      const answer = answers.get(need) ?? need.lacking();
      answers.set(need, answer);
      return answer;
    }),
  );
  return reasons.filter((reason) => reason !== undefined);
}
