import type { Api } from "../endpoint.ts";
import type { ApiOptions } from "../options.ts";
import { deployTokenEndpoints } from "./deploy-tokens.ts";
import { groupTokenEndpoints } from "./group-tokens.ts";
import { groupLifeEndpoints } from "./groups.ts";
import { jobTokenEndpoints } from "./job-tokens.ts";
import { memberEndpoints } from "./members.ts";
import { personalTokenEndpoints } from "./personal-tokens.ts";
import { projectEndpoints } from "./projects.ts";
import { userEndpoints } from "./users.ts";

/** Users, groups, projects, members and tokens. */
export function identityEndpoints(api: Api, options: ApiOptions): void {
  userEndpoints(api, options);
  groupLifeEndpoints(api, options);
  memberEndpoints(api, options);
  projectEndpoints(api, options);
  personalTokenEndpoints(api, options);
  groupTokenEndpoints(api, options);
  deployTokenEndpoints(api, options);
  jobTokenEndpoints(api, options);
}
