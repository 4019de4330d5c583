import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { matchRoute, Route, Switch, useLocation, useRouter } from "wouter";
import { api, ask } from "../api/client.ts";
import { ApiError } from "../api/errors.ts";
import { me } from "../api/session.ts";
import { useStore } from "../api/store.ts";
import { routes } from "../routes.tsx";
import { SignIn } from "../screens/sign-in/sign-in.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { Toasts } from "../ui/toast.tsx";
import { Boundary } from "./boundary.tsx";
import { Connection } from "./connection.tsx";
import { SignInAgain } from "./expired.tsx";
import { NotFound } from "./not-found.tsx";
import { Shell } from "./shell.tsx";

/** Who is signed in decides what there is: the page to sign in, or the console. */
export function App() {
  const known = useStore(me);
  return (
    <>
      <Connection />
      {known === undefined && <FirstLook />}
      {known === null && <SignIn />}
      {known && <Screens />}
      <SignInAgain />
      <Toasts />
    </>
  );
}

/** Asks who is signed in; nobody is no failure. The screen is loaded meanwhile. */
function FirstLook() {
  const [location] = useLocation();
  const { parser } = useRouter();
  useEffect(() => {
    const wanted = routes.find(({ path }) => matchRoute(parser, path, location)[0]);
    // Where it fails, it is told when it is shown.
    wanted?.load().catch(() => undefined);
  }, [parser, location]);
  const { data, error, refetch } = useQuery({
    queryKey: ["session"],
    queryFn: async () => {
      try {
        return await ask(api.GET("/api/v4/session"));
      } catch (thrown) {
        if (thrown instanceof ApiError && thrown.status === 401) return null;
        throw thrown;
      }
    },
  });
  useEffect(() => {
    if (data !== undefined) me.set(data);
  }, [data]);
  if (!error) return null;
  return (
    <main className="alone">
      <ErrorState error={error} onRetry={() => void refetch()} />
    </main>
  );
}

function Screens() {
  const [location] = useLocation();
  return (
    <Shell>
      <Boundary key={location}>
        <Suspense fallback={<Skeleton height="60vh" label="Loading the screen" />}>
          <Switch>
            {routes.map(({ path, screen }) => (
              <Route key={path} path={path} component={screen} />
            ))}
            <Route component={NotFound} />
          </Switch>
        </Suspense>
      </Boundary>
    </Shell>
  );
}
