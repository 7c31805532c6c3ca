/** Every choice of one value from each list, the first values first. */
export function* products<Value>(lists: readonly (readonly Value[])[]): Generator<readonly Value[]> {
  const [list, ...others] = lists;
  if (list === undefined) return yield [];
  for (const value of list) for (const rest of products(others)) yield [value, ...rest];
}
