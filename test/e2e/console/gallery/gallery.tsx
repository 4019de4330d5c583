import {
  keepPreviousData,
  QueryClient,
  QueryClientProvider,
  useInfiniteQuery,
} from "@tanstack/react-query";
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { I18nProvider } from "react-aria-components";
import type { Page } from "../../../../web/api/client.ts";
import { ApiError, Unreachable } from "../../../../web/api/errors.ts";
import { Button } from "../../../../web/ui/button.tsx";
import { ComboBox, Select } from "../../../../web/ui/choices.tsx";
import { CodeBlock } from "../../../../web/ui/code.tsx";
import { ConfirmDialog } from "../../../../web/ui/dialog.tsx";
import { Checkbox, SearchField, Switch, TextField } from "../../../../web/ui/fields.tsx";
import { Form, type Values } from "../../../../web/ui/form.tsx";
import { LongList } from "../../../../web/ui/long-list.tsx";
import { Ordered } from "../../../../web/ui/ordered.tsx";
import { Badge, Copyable, Panel } from "../../../../web/ui/pieces.tsx";
import { useSettled } from "../../../../web/ui/settled.ts";
import { ErrorState, NoPermission } from "../../../../web/ui/states.tsx";
import { toast, Toasts } from "../../../../web/ui/toast.tsx";
import { VirtualList } from "../../../../web/ui/virtual-list.tsx";

const million = 1_000_000;
const perPage = 100;

/** Entries of a server that has a million, as pages of a list: those whose number has the digits that are searched for. */
function pageOf(search: string, page: number): Page<string> {
  const step = search === "" ? 1 : 10 ** search.length;
  const count = Math.floor(million / step);
  const from = (page - 1) * perPage;
  const length = Math.min(perPage, count - from);
  const items = Array.from({ length }, (_, i) => `entry ${(from + i) * step + Number(search)}`);
  return { items, next: from + length < count ? page + 1 : undefined, total: undefined };
}

function Entries() {
  const [search, setSearch] = useState("");
  const settled = useSettled(search);
  const query = useInfiniteQuery({
    queryKey: ["entries", settled],
    queryFn: async ({ pageParam }) => pageOf(settled, pageParam),
    initialPageParam: 1,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  return (
    <Panel title="Entries">
      <SearchField label="Find entries" value={search} onChange={setSearch} />
      <VirtualList
        label="All entries"
        of={settled}
        query={query}
        row={(entry) => <bdi>{entry}</bdi>}
        rowKey={(entry) => entry}
        rowHeight={40}
        height={400}
      />
    </Panel>
  );
}

const countedRow = (entry: string) => <bdi>{entry}</bdi>;

/** The same of a server that counts them, and one that does not. */
function Counted({ isCounted }: { isCounted: boolean }) {
  const label = isCounted ? "Counted entries" : "Uncounted entries";
  const pages = async (page: number): Promise<Page<string>> => {
    const { items, next } = pageOf("", page);
    return {
      items: items.map((entry) => `${label}, ${entry}`),
      next,
      total: isCounted ? million : undefined,
    };
  };
  return (
    <Panel title={label}>
      <LongList
        label={label}
        queryKey={[label]}
        page={pages}
        row={countedRow}
        rowHeight={40}
        height={200}
        empty="None"
      />
    </Panel>
  );
}

const choices = [
  { id: "docker", label: "Docker Hub", description: "docker.io" },
  { id: "ghcr", label: "GitHub" },
  { id: "markup", label: "<b>\u202eevil</b> 🦆" },
];

const conflict = new ApiError(412, "Precondition Failed", {}, "abc-1", undefined);
const invalid = new ApiError(
  400,
  "url is not an URL",
  { url: ["is not a URL"] },
  "abc-2",
  undefined,
);
const errors: Record<string, unknown> = { conflict, invalid, away: new Unreachable(undefined) };

/** Fails as its first field says, else shows what it would send. */
function Editing() {
  const [sent, setSent] = useState<Values>();
  const error = sent && errors[sent["name"] ?? ""];
  return (
    <Panel title="A form">
      <Form
        action="Save"
        isPending={false}
        error={error}
        onSubmit={setSent}
        onReload={() => toast("Loaded")}
      >
        <TextField name="name" label="Name" isRequired />
        <TextField name="url" label="URL" description="With https://" />
        <TextField name="text" label="Description" rows={3} />
        <Select name="preset" label="Preset" choices={choices} defaultValue="ghcr" />
        <ComboBox name="registry" label="Registry" choices={choices} />
        <Checkbox name="library" label="Library prefix" description="As Docker Hub has it" />
      </Form>
      <Switch label="Pulls are allowed" defaultSelected />
      <output>{JSON.stringify(sent)}</output>
    </Panel>
  );
}

function Deleting() {
  return (
    <Panel title="Deleting">
      <ConfirmDialog
        title="Delete this registry?"
        action="Delete registry"
        typed="acme/tools"
        trigger={<Button variant="danger">Delete</Button>}
        onConfirm={async () => toast("The registry is deleted.")}
      >
        Its cache goes with it.
      </ConfirmDialog>
    </Panel>
  );
}

function Ordering() {
  const [order, setOrder] = useState(choices);
  return (
    <Panel title="In order">
      <Ordered
        label="Upstreams, in order"
        items={order}
        itemKey={({ id }) => id.length}
        itemName={({ label }) => label}
        row={({ label }) => <bdi>{label}</bdi>}
        onMove={(item, to) =>
          setOrder(order.filter((each) => each !== item).toSpliced(to, 0, item))
        }
      />
      <CodeBlock title="In a file" text={`auths:\n  ${"very-long".repeat(30)}`} />
    </Panel>
  );
}

function Gallery() {
  return (
    <>
      <h1>Gallery</h1>
      <Entries />
      <Counted isCounted />
      <Counted isCounted={false} />
      <Editing />
      <Deleting />
      <Ordering />
      <Panel title="Pieces">
        <div className="row">
          {(["neutral", "good", "warn", "bad", "accent"] as const).map((tone) => (
            <Badge key={tone} tone={tone}>
              {tone}
            </Badge>
          ))}
        </div>
        <Copyable text="docker pull weir.example/virtual_registries/container/1/library/alpine" />
        <NoPermission />
        <ErrorState
          error={new ApiError(500, "It failed.", {}, "abc-3", 5)}
          onRetry={() => undefined}
        />
      </Panel>
      <Toasts />
    </>
  );
}

const root = document.querySelector("#root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <QueryClientProvider client={new QueryClient()}>
    <I18nProvider locale="en-GB">
      <Gallery />
    </I18nProvider>
  </QueryClientProvider>,
);
