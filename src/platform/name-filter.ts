/** The filter of lists in the console. */

/** Whether a name contains the text of a filter, whatever the case. An empty text is in each name. */
export function containsText(name: string, text: string): boolean {
  return name.toLowerCase().includes(text.toLowerCase());
}
