/** The filter of lists in the console. */

/** Whether a name contains the text of a filter, whatever the case. An empty text is in each name. */
export function containsText(name: string, text: string): boolean {
  return name.toLowerCase().includes(text.toLowerCase());
}

/** The first that match, at most `most`, and how many more match. */
export function firstMatches<Item>(
  items: Iterable<Item>,
  isMatch: (item: Item) => boolean,
  most: number,
): { readonly found: readonly Item[]; readonly more: number } {
  const found: Item[] = [];
  let more = 0;
  for (const item of items) {
    if (!isMatch(item)) continue;
    if (found.length < most) found.push(item);
    else more += 1;
  }
  return { found, more };
}
