/** Copies entries from elsewhere into the database. */
import type { StoredEntry } from '../store/records.ts';
import type { Query } from './connections.ts';
import { bytes } from './store.ts';
import { COPY } from './statements.ts';
import { inTransaction } from './transaction.ts';
import type { TransactionOptions } from './transaction.ts';

const BATCH = 1000;

/**
 * Copies all or none. An entry that is there already stays as it is.
 *
 * @param entries the least recently used first
 * @returns how many were not there
 */
export function copyEntries(
  query: Query,
  options: TransactionOptions,
  entries: readonly StoredEntry[],
): Promise<number> {
  return inTransaction(query, options, async () => {
    let copied = 0;
    for (let start = 0; start < entries.length; start += BATCH) {
      const batch = entries.slice(start, start + BATCH);
      const { count } = await query(COPY, [
        batch.map(({ store }) => store),
        batch.map(({ key }) => bytes(key)),
        batch.map(({ group }) => (group === null ? null : bytes(group))),
        batch.map(({ value }) => value),
        batch.map(({ until }) => until),
      ]);
      copied += count;
    }
    return copied;
  });
}
