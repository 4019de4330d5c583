import { useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { useGroup } from "../../api/group.ts";
import { Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states.tsx";
import { useRegistries } from "../registries/queries.ts";
import { leaveWelcome } from "./left.ts";
import { PullStep } from "./pull-step.tsx";
import { TokenStep } from "./token-step.tsx";
import { UpstreamStep } from "./upstream-step.tsx";

const steps = ["Upstream", "Token", "First pull"];

/** From nothing to the first pull, in three steps; the step is in the address. */
export default function Welcome() {
  const { group, isLoading, error } = useGroup();
  const [, navigate] = useLocation();
  return (
    <Page
      title="Your first pull"
      description="Three steps: where images come from, who may pull them, and the command that does."
      actions={
        <Button
          variant="quiet"
          onPress={() => {
            leaveWelcome();
            navigate("/");
          }}
        >
          Leave this for now
        </Button>
      }
    >
      {isLoading && <Skeleton height="30rem" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && !group && (
        <EmptyState title="No group yet">
          Registries belong to groups, and you are in none.
        </EmptyState>
      )}
      {group && <Steps key={group.id} groupId={group.id} />}
    </Page>
  );
}

function Steps({ groupId }: { groupId: number }) {
  const [search, setSearch] = useSearchParams();
  const registries = useRegistries(groupId);
  const [token, setToken] = useState<string>();
  const step = Math.min(Math.max(Number(search.get("step") ?? 1) || 1, 1), steps.length);
  const wanted = Number(search.get("registry"));
  const { data } = registries;
  if (!data) {
    if (registries.isError) return <ErrorState error={registries.error} />;
    return <Skeleton height="30rem" />;
  }
  const registry = data.find(({ id }) => id === wanted) ?? data[0];
  const put = (field: string, value: number) =>
    setSearch((before) => {
      before.set(field, String(value));
      return before;
    });
  const go = (to: number) => put("step", to);
  return (
    <>
      <Progress step={step} />
      {(step === 1 || !registry) && (
        <UpstreamStep
          groupId={groupId}
          registries={data}
          registry={registry}
          onChoose={(id) => put("registry", id)}
          onNext={() => go(2)}
        />
      )}
      {step === 2 && registry && (
        <TokenStep
          registryId={registry.id}
          token={token}
          onMade={setToken}
          onBack={() => go(1)}
          onNext={() => go(3)}
        />
      )}
      {step === 3 && registry && (
        <PullStep groupId={groupId} registry={registry} token={token} onBack={() => go(2)} />
      )}
    </>
  );
}

function Progress({ step }: { step: number }) {
  return (
    <ol className="steps" aria-label="Steps">
      {steps.map((title, index) => (
        <li key={title} {...(index + 1 === step && { "aria-current": "step" as const })}>
          <span className="step-number numbers" aria-hidden="true">
            {index + 1}
          </span>
          {title}
        </li>
      ))}
    </ol>
  );
}
