/** Fields that several operations have, with the limits of what a client may send. */
import { z } from 'zod';

/** Names of users, services and backends, as clients send them. */
export const name = z.string().min(1).max(255);
/** Times in answers: `2026-05-04T09:30:00Z`. */
export const time = z.iso.datetime().meta({ description: 'In UTC, to the second' });

/** The most entries that an answer lists. */
export const MAX_PAGE = 2000;
const DEFAULT_PAGE = 100;
/** The most entries of a list in a request. */
export const MAX_LISTED = 1000;

/** The query of a list. */
export const page = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE).meta({
    description: 'The most entries of the answer',
  }),
  after: z.string().min(1).max(64).optional().meta({
    description: 'The `next` of the answer before; absent: from the start',
  }),
};

export const next = z.string().nullable().meta({
  description: 'What to send as `after` to get the entries that follow; null: there are none',
});

/** A part of a list in the order of its ids, so that no entry is left out when others come and go. */
export function pageOf<Entry extends { readonly id: string }>(
  entries: readonly Entry[],
  { limit, after = '' }: { readonly limit: number; readonly after?: string | undefined },
): { readonly entries: readonly Entry[]; readonly next: string | null } {
  const following = entries.filter(({ id }) => id > after).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const shown = following.slice(0, limit);
  return { entries: shown, next: following.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
