import path from "node:path";
import openapiTS, { astToString } from "openapi-typescript";

const document = path.join(import.meta.dir, "../http/api/openapi.json");

/** The source of `web/api/schema.ts`, of the document that the API's tests hold it to. */
export async function apiTypes(): Promise<string> {
  const nodes = await openapiTS(new URL(`file://${document}`));
  const source = `// Made by scripts/api-types.ts of test/http/api/openapi.json.\n${astToString(nodes)}`;
  const command = [process.execPath, "fmt", "--no-script", "--stdin-filepath=schema.ts"];
  const formatter = Bun.spawn(command, { stdin: new Blob([source]), stdout: "pipe" });
  const text = await new Response(formatter.stdout).text();
  if ((await formatter.exited) !== 0) throw new Error("the formatter has failed");
  return text;
}
