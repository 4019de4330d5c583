import { useEffect } from "react";
import { useLocation } from "wouter";
import { useMayChange } from "../../api/rights.ts";
import type { components } from "../../api/schema.ts";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { isWelcomeLeft } from "./left.ts";

type Summary = components["schemas"]["GroupStatistics"];

export const pullsOf = ({ hits_30d: hits, misses_30d: misses }: Summary): number => hits + misses;

/** While nothing was pulled yet: the way to the first pull. Who can set it up is led there once. */
export function WelcomeOffer({
  groupId,
  summary,
}: {
  groupId: number;
  summary: Summary | undefined;
}) {
  const [, navigate] = useLocation();
  const mayChange = useMayChange(groupId);
  const isNew = summary !== undefined && pullsOf(summary) === 0 && summary.cache_entries === 0;
  const isLed = isNew && mayChange && !isWelcomeLeft();
  useEffect(() => {
    if (isLed) navigate("/welcome", { replace: true });
  }, [isLed, navigate]);
  if (!isNew) return null;
  return (
    <Panel
      title="Nothing was pulled yet"
      actions={
        <Link to="/welcome" className="button primary">
          To the first pull
        </Link>
      }
    >
      <p className="muted">
        In three steps: an upstream, a token, and a command to copy. What is pulled is counted here.
      </p>
    </Panel>
  );
}
