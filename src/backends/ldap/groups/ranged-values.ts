/**
 * Reads attributes with many values. Active Directory sends at most 1500 in one answer, as `memberOf;range=0-1499`
 * ([MS-ADTS] 3.1.1.3.1.3.3).
 */
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { DirectoryFault, faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, encodeFilter } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';

const MAX_ROUNDS = 20;

/** @throws DirectoryFault when some values cannot be read */
export async function allValues(
  entry: LdapEntry,
  attribute: string,
  reader: Reader,
  deadline: Deadline,
): Promise<readonly string[]> {
  const values = [...entry.texts(attribute)];
  let range = rangeOf(entry, attribute);
  if (range !== undefined) values.push(...entry.texts(range.name));
  for (let round = 0; range !== undefined && range.last !== '*'; round += 1) {
    if (round === MAX_ROUNDS)
      throw new DirectoryFault('misconfigured', `${entry.dn} has too many values of ${attribute}`);
    const next: string = `${attribute};range=${Number(range.last) + 1}-*`;
    const answer = await reader.search(
      { base: entry.dn, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: [next] },
      deadline,
    );
    const part: LdapEntry | undefined = answer.entries[0];
    if (answer.code !== RESULT.success || part === undefined) {
      throw faultOfResult(answer, `reading ${next} of ${entry.dn}`);
    }
    range = rangeOf(part, attribute);
    // Without a range it is unknown whether these are all; a missing value could be a group that a rule denies.
    if (range === undefined) throw new DirectoryFault('lost', `the answer has no ${next} of ${entry.dn}`);
    values.push(...part.texts(range.name));
  }
  return values;
}

function rangeOf(entry: LdapEntry, attribute: string): { readonly name: string; readonly last: string } | undefined {
  const prefix = `${attribute.toLowerCase()};range=`;
  const name = entry.names.find((candidate) => candidate.startsWith(prefix));
  const last = name === undefined ? undefined : /^\d+-(\d+|\*)$/.exec(name.slice(prefix.length))?.[1];
  return name === undefined || last === undefined ? undefined : { name, last };
}
