// A process of its own that logs in wrongly: `access-flood.ts <port> <a second> <seconds> <address> <path>`.
import { openLoop } from "./access-load.ts";

const [port, perSecond, seconds, address = "", path = ""] = Bun.argv.slice(2);
const headers = {
  Host: `localhost:${port}`,
  "X-Forwarded-For": address,
  Authorization: `Basic ${btoa("admin:wrong")}`,
};
const load = { perSecond: Number(perSecond), seconds: Number(seconds), connections: 64 };
const { statuses } = await openLoop({ port: Number(port), path, headers }, load);
console.log(JSON.stringify([...statuses]));
process.exit(0);
