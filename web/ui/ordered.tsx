import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import { IconButton } from "./button.tsx";
import { Icon } from "./icons.tsx";

export interface OrderedProps<T> {
  label: string;
  items: readonly T[];
  itemKey: (item: T) => number;
  /** As what is said of it: a name. */
  itemName: (item: T) => string;
  row: (item: T) => ReactNode;
  /** `to` counts from 0. Undefined: the order can be seen, and not changed. */
  onMove: ((item: T, to: number) => void) | undefined;
}

interface Drag {
  from: number;
  to: number;
  startY: number;
  shift: number;
  /** Where the rows end while none of them is off its place. On the page: it may be scrolled meanwhile. */
  ends: number[];
}

/** A list whose order matters: moved by dragging, by buttons, and by the arrow keys on the grip. */
export function Ordered<T>({ label, items, itemKey, itemName, row, onMove }: OrderedProps<T>) {
  const list = useRef<HTMLOListElement>(null);
  const [drag, setDrag] = useState<Drag>();
  const [said, setSaid] = useState("");
  const move = (from: number, to: number) => {
    const item = items[from];
    if (!item || !onMove || to === from || to < 0 || to >= items.length) return;
    onMove(item, to);
    setSaid(`${itemName(item)} is now number ${to + 1} of ${items.length}.`);
  };
  const began = (from: number, startY: number) => {
    const rows = [...(list.current?.children ?? [])].map((row) => row.getBoundingClientRect());
    const ends = rows.map(({ bottom }) => bottom + window.scrollY);
    setDrag({ from, to: from, startY, shift: 0, ends });
  };
  const dragged = ({ pageY }: PointerEvent) => {
    if (drag) setDrag({ ...drag, shift: pageY - drag.startY, to: placeAt(drag.ends, pageY) });
  };
  const dropped = () => {
    if (drag) move(drag.from, drag.to);
    setDrag(undefined);
  };
  return (
    <>
      <ol className="ordered" aria-label={label} ref={list}>
        {items.map((item, index) => (
          <li key={itemKey(item)} className="ordered-row" {...marks(drag, index)}>
            <span className="ordered-place numbers">{index + 1}</span>
            <div className="ordered-content">{row(item)}</div>
            {onMove && items.length > 1 && (
              <span className="ordered-moves">
                <IconButton
                  label={`Move ${itemName(item)} up`}
                  icon="up"
                  isDisabled={index === 0}
                  onPress={() => move(index, index - 1)}
                />
                <IconButton
                  label={`Move ${itemName(item)} down`}
                  icon="down"
                  isDisabled={index === items.length - 1}
                  onPress={() => move(index, index + 1)}
                />
                <Grip
                  label={`Move ${itemName(item)}, number ${index + 1} of ${items.length}: by the arrow keys, or by dragging`}
                  onStep={(by) => move(index, index + by)}
                  onDown={(startY) => began(index, startY)}
                  onDrag={dragged}
                  onDrop={dropped}
                  onCancel={() => setDrag(undefined)}
                />
              </span>
            )}
          </li>
        ))}
      </ol>
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </>
  );
}

/** How a row looks while one is dragged: itself off its place, and a line where it would go. */
function marks(drag: Drag | undefined, index: number) {
  if (!drag) return {};
  if (index === drag.from) {
    return { "data-dragged": true, style: { transform: `translateY(${drag.shift}px)` } };
  }
  if (index !== drag.to) return {};
  return { "data-drop": drag.to > drag.from ? "after" : "before" };
}

/** The place of the row that is at this height; above the first it is the first, below the last the last. */
function placeAt(ends: readonly number[], y: number): number {
  const index = ends.findIndex((end) => y < end);
  return index === -1 ? ends.length - 1 : index;
}

interface GripProps {
  label: string;
  onStep: (by: number) => void;
  onDown: (y: number) => void;
  onDrag: (event: PointerEvent) => void;
  onDrop: () => void;
  onCancel: () => void;
}

function Grip({ label, onStep, onDown, onDrag, onDrop, onCancel }: GripProps) {
  const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 };
  const stepped = (event: KeyboardEvent) => {
    if (event.key === "Escape") return onCancel();
    const by = steps[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onStep(by);
  };
  return (
    <button
      type="button"
      className="button quiet grip"
      aria-label={label}
      onKeyDown={stepped}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        onDown(event.pageY);
      }}
      onPointerMove={onDrag}
      onPointerUp={onDrop}
      onPointerCancel={onCancel}
    >
      <Icon name="grip" size={18} />
    </button>
  );
}
