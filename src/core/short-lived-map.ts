/**
 * A map for what comes and goes quickly, such as the requests in progress.
 *
 * A `Map` of V8 replaces its table after a few additions and deletions, and links the old table to the new one. As soon
 * as one table has reached the old generation, all that the later tables ever held stays in memory until the next
 * collection of the whole heap. Here the tables hold boxes, and what is deleted is taken out of its box.
 */
export class ShortLivedMap<Key extends string | number, Value extends object> {
  readonly #boxes = new Map<Key, { value: Value | undefined }>();

  get(key: Key): Value | undefined {
    return this.#boxes.get(key)?.value;
  }

  set(key: Key, value: Value): void {
    const box = this.#boxes.get(key);
    if (box === undefined) this.#boxes.set(key, { value });
    else box.value = value;
  }

  delete(key: Key): void {
    const box = this.#boxes.get(key);
    if (box === undefined) return;
    box.value = undefined;
    this.#boxes.delete(key);
  }

  /** In the order of their first addition. */
  values(): readonly Value[] {
    return [...this.#boxes.values()].flatMap(({ value }) => value ?? []);
  }
}
