// A process of its own that logs in wrongly, by one password or each time another one:
// `access-flood.ts <port> <a second> <seconds> <address> <path> same|other`.
import { openLoop } from "./access-load.ts";

const [port, perSecond, seconds, address = "", path = "", password] = Bun.argv.slice(2);
const headers = {
  Host: `localhost:${port}`,
  "X-Forwarded-For": address,
  Authorization: `Basic ${btoa("admin:wrong")}`,
};
let guesses = 0;
const other = () => ({ Authorization: `Basic ${btoa(`admin:wrong ${++guesses}`)}` });
const shot = {
  port: Number(port),
  path,
  headers,
  ...(password === "other" && { varying: other }),
};
const load = { perSecond: Number(perSecond), seconds: Number(seconds), connections: 64 };
const { statuses } = await openLoop(shot, load);
console.log(JSON.stringify([...statuses]));
process.exit(0);
