import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, ask, ifMatch } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import type { Tagged } from "../../ui/edited.tsx";
import { Icon } from "../../ui/icons.tsx";
import { ErrorNote } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import type { UpstreamDetail } from "../registries/queries.ts";
import { repositoryPath } from "./addresses.ts";
import { imageName } from "./parts.ts";
import { cacheChanged, type EntryDetail, entryKey } from "./queries.ts";

/** Refresh, pin, purge. */
export function EntryActions({
  entry,
  upstream,
}: {
  entry: Tagged<EntryDetail>;
  upstream: UpstreamDetail | undefined;
}) {
  return (
    <>
      {entry.data.kind === "tag" && upstream && <Refresh entry={entry.data} upstream={upstream} />}
      <Pin entry={entry.data} />
      <PurgeEntry entry={entry} />
    </>
  );
}

/** Reads the tag anew: by a registry, as its names are those of registries. */
function Refresh({ entry, upstream }: { entry: EntryDetail; upstream: UpstreamDetail }) {
  const [isOpen, setOpen] = useState(false);
  const [place] = upstream.registry_upstreams;
  const refreshing = useMutation({
    mutationFn: (registryId: number) =>
      ask(
        api.POST("/api/v4/virtual_registries/container/registries/{id}/refresh", {
          params: { path: { id: registryId }, query: { image: imageName(entry) } },
        }),
      ),
    // The page may have read the entry anew before it hears of what it asked for.
    onMutate: () => entry.digest,
    onSuccess: async ({ digest, cache }, _, former) => {
      if (cache.status === "stale") setOpen(true);
      else if (digest === former) toast(`Checked at ${cache.upstream}: it is as it was.`);
      else toast(`Read from ${cache.upstream}: the tag has moved.`);
      await cacheChanged();
    },
    onError: () => setOpen(true),
  });
  if (!place) {
    return <span className="small muted">In no registry: it cannot be refreshed.</span>;
  }
  return (
    <>
      <Button
        icon="refresh"
        isPending={refreshing.isPending}
        onPress={() => refreshing.mutate(place.registry_id)}
      >
        Refresh
      </Button>
      <Dialog title="Not refreshed" isOpen={isOpen} onOpenChange={setOpen}>
        {refreshing.error ? (
          <ErrorNote title="The tag was not read anew" error={refreshing.error} />
        ) : (
          <Kept reason={refreshing.data?.cache.reason ?? null} />
        )}
      </Dialog>
    </>
  );
}

/** The upstream has given no answer that says anything of the tag. */
function Kept({ reason }: { reason: string | null }) {
  return (
    <div className="note warn" role="alert">
      <Icon name="warn" size={18} />
      <div>
        <p className="note-title">The tag was not read anew</p>
        {reason !== null && (
          <p>
            <bdi>{reason}</bdi>
          </p>
        )}
        <p>
          What is cached is as it was, and goes on being served. Try again when the upstream
          answers.
        </p>
      </div>
    </div>
  );
}

/** Shown at once; taken back where the server does not do it. */
function Pin({ entry: { id, pinned } }: { entry: EntryDetail }) {
  const pinning = useMutation({
    mutationFn: (wanted: boolean) => {
      const options = { params: { path: { id } } };
      const path = "/api/v4/virtual_registries/container/cache_entries/{id}/pin";
      return wanted ? ask(api.POST(path, options)) : ask(api.DELETE(path, options));
    },
    onMutate: async (wanted) => {
      await queries.cancelQueries({ queryKey: entryKey(id) });
      const former = queries.getQueryData<Tagged<EntryDetail>>(entryKey(id));
      if (former) {
        const data = { ...former.data, pinned: wanted };
        queries.setQueryData(entryKey(id), { ...former, data });
      }
      return former;
    },
    onError: (error, wanted, former) => {
      queries.setQueryData(entryKey(id), former);
      toast(`It is not ${wanted ? "pinned" : "unpinned"}: ${error.message}`);
    },
    onSettled: () => cacheChanged(),
  });
  return (
    <Button aria-pressed={pinned} onPress={() => pinning.mutate(!pinned)}>
      {pinned ? "Unpin" : "Pin"}
    </Button>
  );
}

function PurgeEntry({ entry: { data, tag } }: { entry: Tagged<EntryDetail> }) {
  const [, navigate] = useLocation();
  const { id, upstream_id: upstreamId, repository, kind, pinned } = data;
  const purge = async () => {
    try {
      await ask(
        api.DELETE("/api/v4/virtual_registries/container/cache_entries/{id}", {
          params: { path: { id } },
          headers: ifMatch(tag),
        }),
      );
    } catch (error) {
      // Who tries again does so knowing what it is now.
      await queries.invalidateQueries({ queryKey: entryKey(id) });
      throw error;
    }
    toast("The entry is purged.");
    navigate(repositoryPath(upstreamId, repository));
    queries.removeQueries({ queryKey: entryKey(id) });
    await cacheChanged();
  };
  return (
    <ConfirmDialog
      title="Purge this entry?"
      action="Purge"
      trigger={<Button icon="trash">Purge</Button>}
      onConfirm={purge}
    >
      <p>
        <bdi>{imageName(data)}</bdi> is not served from the cache any more.
        {pinned && " It is pinned: that does not keep it from this."}
      </p>
      <p>
        {kind === "tag" &&
          "The manifests and layers that it leads to are entries of their own, and stay until a policy takes them. "}
        There is no undo; whoever pulls it has it fetched from the upstream again, if that still has
        it.
      </p>
    </ConfirmDialog>
  );
}
