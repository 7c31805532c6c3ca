/** Suggests a correction for a misspelt word. */

const MAX_EDITS = 2;

/** @returns the most similar candidate, if it is similar enough */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= MAX_EDITS && edits * 2 < candidate.length)
    .toSorted((a, b) => a.edits - b.edits);
  return near[0]?.candidate;
}

/** The Levenshtein distance, in which two swapped letters count as one edit. */
function editDistance(a: string, b: string): number {
  // Words whose lengths differ by more than the limit are not compared.
  if (Math.abs(a.length - b.length) > MAX_EDITS) return MAX_EDITS + 1;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const substituted = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(substituted, swapped, cell(i - 1, j) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return cell(a.length, b.length);
}
