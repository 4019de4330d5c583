/** What one check has found. */
export interface Finding {
  /** `disk`, `upstream docker-hub` */
  check: string;
  /** `skipped`: it could not be checked here, which `message` gives the reason for. */
  status: "ok" | "warning" | "failed" | "skipped";
  message: string;
  /** What to do; undefined where there is nothing to do. */
  fix: string | undefined;
}

export const ok = (check: string, message: string): Finding => {
  return { check, status: "ok", message, fix: undefined };
};
export const skipped = (check: string, message: string, fix?: string): Finding => {
  return { check, status: "skipped", message, fix };
};
export const warning = (check: string, message: string, fix: string): Finding => {
  return { check, status: "warning", message, fix };
};
export const failed = (check: string, message: string, fix: string): Finding => {
  return { check, status: "failed", message, fix };
};
