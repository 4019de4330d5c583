import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError, Unreachable } from "../api/errors.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icons.tsx";

interface StateProps {
  title: string;
  children?: ReactNode;
  /** What to do about it. */
  action?: ReactNode;
}

function State({ icon, title, children, action }: StateProps & { icon: IconName }) {
  return (
    <div className="state">
      <Icon name={icon} size={32} />
      <p className="state-title">{title}</p>
      {children !== undefined && <div className="muted">{children}</div>}
      {action}
    </div>
  );
}

/** There is nothing yet: says what would be here, and how it comes. */
export function EmptyState(props: StateProps) {
  return <State icon="empty" {...props} />;
}

export function NoPermission({ children }: { children?: ReactNode }) {
  return (
    <State icon="lock" title="This is not yours to see">
      {children ?? "An owner of the group, or an administrator, can give you a role that may."}
    </State>
  );
}

/** What was asked for did not come. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (error instanceof ApiError && error.status === 403) return <NoPermission />;
  if (error instanceof ApiError && error.status === 404) {
    return (
      <State icon="empty" title="This is not there">
        It may have been deleted, or it is not yours to know of.
      </State>
    );
  }
  const retry = onRetry && (
    <Button icon="refresh" onPress={onRetry}>
      Try again
    </Button>
  );
  return (
    <div role="alert">
      <State icon="warn" title={textOf(error)} action={retry}>
        <Particulars error={error} />
      </State>
    </div>
  );
}

/** The same in a line, beside what can still be used. */
export function ErrorNote({
  title,
  error,
  children,
}: {
  title: string;
  error: unknown;
  children?: ReactNode;
}) {
  return (
    <div className="note bad" role="alert">
      <Icon name="warn" size={18} />
      <div>
        <p className="note-title">{title}</p>
        <p>
          <bdi>{textOf(error)}</bdi>
        </p>
        {children}
        <Particulars error={error} />
      </div>
    </div>
  );
}

const textOf = (error: unknown): string =>
  error instanceof ApiError || error instanceof Unreachable
    ? error.message
    : "The console has made a mistake here.";

function Particulars({ error }: { error: unknown }) {
  if (!(error instanceof ApiError)) return null;
  const { status, requestId, retryAfterSeconds } = error;
  return (
    <p className="small muted">
      Status {status}
      {requestId !== null && (
        <>
          , request <code>{requestId}</code>
        </>
      )}
      {retryAfterSeconds !== undefined && `; again in ${retryAfterSeconds} s at the earliest`}
    </p>
  );
}

/** Holds the place of something that is on its way. `height` is that of what will come, so that nothing moves then. */
export function Skeleton({ height, label = "Loading" }: { height: string; label?: string }) {
  return (
    <div className="skeleton" style={{ blockSize: height }} role="status">
      <span className="visually-hidden">{label}</span>
    </div>
  );
}

/**
 * What a query gave, or what stands in its place: on its way, refused, failed. Old data stays while new is asked for, unless
 * it turns out that the thing is gone.
 */
export function Loaded<T>({
  query,
  height,
  children,
}: {
  query: UseQueryResult<T>;
  /** Of what will come. */
  height: string;
  children: (data: T) => ReactNode;
}) {
  const isGone = query.error instanceof ApiError && query.error.status === 404;
  if (query.data !== undefined && !isGone) return children(query.data);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return <Skeleton height={height} />;
}
