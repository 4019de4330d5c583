/** A set that nobody can change, not even by a cast: as `FixedMap`. */
export class FixedSet<T> extends Set<T> {
  constructor(items: Iterable<T>) {
    super();
    for (const item of items) super.add(item);
  }

  override add(): never {
    throw new TypeError("this set is fixed");
  }

  override delete(): never {
    throw new TypeError("this set is fixed");
  }

  override clear(): never {
    throw new TypeError("this set is fixed");
  }
}
