/**
 * The order in which patterns of zot decide: the longest one that matches. The length of a pattern with `${username}`
 * depends on the user, and so may the order.
 */
import type { Report } from '../finding.ts';
import type { ZotRepositories } from './access-control.ts';

export const USERNAME = '${username}';

/** The longest first; a pattern with `${username}` has the length that it has for the shortest user name. */
export function inOrder(repositories: readonly ZotRepositories[], report: Report): readonly ZotRepositories[] {
  const sorted = repositories.toSorted((a, b) => leastLength(b.pattern) - leastLength(a.pattern) || rank(a) - rank(b));
  reportTies(sorted, report);
  for (const [index, one] of sorted.entries()) {
    for (const later of sorted.slice(index + 1)) reportOpenOrder(one, later, report);
  }
  return sorted;
}

function leastLength(pattern: string): number {
  return Buffer.byteLength(pattern.replaceAll(USERNAME, 'u'));
}

/** Of two patterns of the same length, zot prefers literal text to a user name. */
function rank(repositories: ZotRepositories): number {
  return isTemplate(repositories) ? 1 : isWild(repositories.pattern.split('/')[0] ?? '') ? 2 : 0;
}

function isTemplate({ pattern }: ZotRepositories): boolean {
  return pattern.includes(USERNAME);
}

function isWild(pattern: string): boolean {
  return /[*?[{]/.test(pattern);
}

function reportTies(sorted: readonly ZotRepositories[], report: Report): void {
  for (const [index, { pattern, line }] of sorted.entries()) {
    const other = sorted[index - 1];
    const isTie = other !== undefined && leastLength(other.pattern) === leastLength(pattern);
    if (!isTie || !isWild(pattern) || !isWild(other.pattern)) continue;
    report(
      'trap',
      line,
      `"${pattern}" is as long as "${other.pattern}" (line ${other.line}): where both match, zot chooses at random; the policy uses the first one`,
    );
  }
}

/** Reports a pattern that comes first here although one with a long user name can be longer in zot. */
function reportOpenOrder(first: ZotRepositories, later: ZotRepositories, report: Report): void {
  if (isTemplate(first) || !isTemplate(later)) return;
  const user = userIn(first.pattern, later.pattern);
  if (user !== undefined && first.pattern.length >= later.pattern.replaceAll(USERNAME, user).length) return;
  report(
    'lost',
    later.line,
    `"${later.pattern}": whether it is longer than "${first.pattern}" (line ${first.line}) depends on the user name; in the policy, the latter always decides`,
  );
}

/** The only user name for which both patterns can match; undefined: there may be several. */
function userIn(pattern: string, template: string): string | undefined {
  const at = template.split('/').indexOf(USERNAME);
  const segments = pattern.split('/').slice(0, at + 1);
  return at < 0 || segments.some(isWild) ? undefined : segments[at];
}
