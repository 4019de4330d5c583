import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import { api, ask } from "../../api/client.ts";
import { ApiError } from "../../api/errors.ts";
import { useGroup, useGroupOf } from "../../api/group.ts";
import { Page } from "../../shell/page.tsx";
import { ComboBox } from "../../ui/choices.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { EmptyState, ErrorState, Loaded, Skeleton } from "../../ui/states.tsx";
import { useRegistries, useRegistry } from "../registries/queries.ts";
import type { Registry } from "../registries/queries.ts";
import { Decision, Road } from "./road.tsx";
import { imageTyped } from "./typed.ts";

/** Which way a pull of an image would take now. */
export default function Explain() {
  const { group, isLoading, error } = useGroup();
  const registries = useRegistries(group?.id);
  return (
    <Page
      title="Explain"
      description="What a pull of an image would come to now, and why. The upstreams are asked as a pull asks them; nothing is downloaded."
    >
      {isLoading && <Skeleton height="20rem" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && !group && (
        <EmptyState title="No group yet">
          Registries belong to groups, and you are in none.
        </EmptyState>
      )}
      {group && (
        <Loaded query={registries} height="14rem">
          {(known) => <OfGroup key={group.id} registries={known} />}
        </Loaded>
      )}
    </Page>
  );
}

function OfGroup({ registries }: { registries: readonly Registry[] }) {
  const [search, setSearch] = useSearchParams();
  const image = search.get("image") ?? "";
  const [first] = registries;
  const wanted = Number(search.get("registry") ?? first?.id ?? 0);
  const plan = usePlan(wanted, image);
  if (registries.length === 0 && wanted === 0) {
    return (
      <EmptyState title="No registry yet">
        A pull goes through a registry, and this group has none.
      </EmptyState>
    );
  }
  const explain = (registry: number, text: string) => {
    const typed = imageTyped(text);
    const asked = new URLSearchParams(search);
    asked.set("registry", String(typed.registry ?? registry));
    asked.set("image", typed.image);
    if (asked.toString() === search.toString()) void plan.refetch();
    else setSearch(asked);
  };
  return (
    <>
      <Panel title="Image">
        <Asked
          // What is typed stays until another address says otherwise.
          key={`${wanted} ${image}`}
          registries={registries}
          registry={wanted}
          image={image}
          error={atField(plan.error)}
          isPending={plan.isFetching}
          onAsk={explain}
        />
      </Panel>
      {image !== "" && <OfRegistry id={wanted} />}
      {image !== "" && !isAboutImage(plan.error) && (
        <Loaded query={plan} height="24rem">
          {(known) => (
            <>
              <Decision plan={known} registry={wanted} image={image} at={plan.dataUpdatedAt} />
              <Road plan={known} />
            </>
          )}
        </Loaded>
      )}
    </>
  );
}

/** The registry that an address names may be another group's than the one that was looked at. */
function OfRegistry({ id }: { id: number }) {
  const { data } = useRegistry(id);
  useGroupOf(data?.data.group_id);
  return null;
}

function Asked({
  registries,
  registry,
  image,
  error,
  isPending,
  onAsk,
}: {
  registries: readonly Registry[];
  registry: number;
  image: string;
  error: unknown;
  isPending: boolean;
  onAsk: (registry: number, image: string) => void;
}) {
  return (
    <Form
      action="Explain"
      error={error}
      isPending={isPending}
      onSubmit={(values) => onAsk(Number(values["registry"] || registry), values["image"] ?? "")}
    >
      <ComboBox
        name="registry"
        label="Registry"
        choices={registries.map(({ id, name }) => ({
          id: String(id),
          label: name,
          description: `Number ${id}`,
        }))}
        chosen={String(registry)}
        isRequired
      />
      <TextField
        name="image"
        label="Image"
        defaultValue={image}
        description="Repository with a tag or digest, or the whole name as a client has it. Without either, latest is meant."
        placeholder="library/alpine:3.20"
        isRequired
      />
    </Form>
  );
}

/** The upstreams are asked for it, so it is asked for once, when somebody wants to know. */
function usePlan(registry: number, image: string) {
  return useQuery({
    queryKey: ["explain", registry, image],
    enabled: registry > 0 && image !== "",
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/virtual_registries/container/registries/{id}/explain", {
          params: { path: { id: registry }, query: { image } },
          signal,
        }),
      ),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

const isAboutImage = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status === 400;

/** The server's word about the image goes to its field. */
function atField(error: unknown): unknown {
  if (!isAboutImage(error)) return null;
  const text = error.message.replace(/^image /, "");
  return new ApiError(error.status, error.message, { image: [text] }, error.requestId, undefined);
}
