/** A map that nobody can change, not even by a cast: `Object.freeze` does not reach the entries of a `Map`. */
export class FixedMap<K, V> extends Map<K, V> {
  constructor(entries: Iterable<readonly [K, V]>) {
    super();
    for (const [key, value] of entries) super.set(key, value);
  }

  override set(): never {
    throw new TypeError("this map is fixed");
  }

  override delete(): never {
    throw new TypeError("this map is fixed");
  }

  override clear(): never {
    throw new TypeError("this map is fixed");
  }
}
