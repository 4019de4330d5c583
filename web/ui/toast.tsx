import { Store, useStore } from "../api/store.ts";
import { IconButton } from "./button.tsx";

interface Toast {
  id: number;
  text: string;
}

const shown = new Store<readonly Toast[]>([]);
const shownMs = 6000;
let count = 0;

const remove = (id: number) => shown.set(shown.value.filter((toast) => toast.id !== id));

/** Says for a moment that something was done. What went wrong is said where it was tried, and stays there. */
export function toast(text: string): void {
  const id = (count += 1);
  shown.set([...shown.value, { id, text }]);
  setTimeout(() => remove(id), shownMs);
}

/** Once on the page, always there: a screen reader tells what comes into it. */
export function Toasts() {
  const toasts = useStore(shown);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, text }) => (
        <div key={id} className="toast">
          <bdi>{text}</bdi>
          <IconButton label="Dismiss" icon="close" onPress={() => remove(id)} />
        </div>
      ))}
    </div>
  );
}
