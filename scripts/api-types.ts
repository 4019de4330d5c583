// Writes web/api/schema.ts, the types of the API's document as the console uses them. A test holds the file to the document.
import path from "node:path";
import { apiTypes } from "../test/web/api-types.ts";

const file = path.join(import.meta.dir, "../web/api/schema.ts");
await Bun.write(file, await apiTypes());
