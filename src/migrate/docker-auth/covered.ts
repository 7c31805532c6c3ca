/** Whether an earlier rule matches every request that a later one matches. Sound: true only if that is certain. */
import { rangeCovers } from '../../core/client-range.ts';
import { parseGoGlob } from '../../config/match/go-glob.ts';
import { parseMatchPattern, regexOf } from '../../config/match/match-pattern.ts';
import { ACL_FIELDS } from './acl.ts';
import type { AclRule } from './acl.ts';
import { isNamed } from './plain.ts';

export function coveredBy(later: AclRule, earlier: AclRule): boolean {
  return (
    ACL_FIELDS.every(
      (field) =>
        fieldCovered(later.fields[field], earlier.fields[field]) ||
        (field === 'account' && isNamed(earlier.fields.account ?? '') && isForNamed(later)),
    ) &&
    [...earlier.labels].every(([label, pattern]) => later.labels.get(label) === pattern) &&
    addressCovered(later.ip, earlier.ip)
  );
}

/** Whether anonymous cannot match: it has no name and no labels. */
function isForNamed({ fields: { account, name }, labels }: AclRule): boolean {
  if (labels.size > 0 || name?.includes('${labels:') === true) return true;
  const pattern = account === undefined || account.includes('${') ? undefined : parseMatchPattern(account);
  return pattern !== undefined && typeof pattern !== 'string' && !pattern.matches('', () => []);
}

function fieldCovered(later: string | undefined, earlier: string | undefined): boolean {
  if (earlier === undefined || earlier === '/.*/' || earlier === later) return true;
  if (later === undefined || earlier.includes('${') || later.includes('${')) return false;
  if (isNamed(earlier) && isNamed(later)) return true;
  const literal = regexOf(later) === undefined ? parseGoGlob(later)?.literal : undefined;
  const pattern = parseMatchPattern(earlier);
  return literal !== undefined && typeof pattern !== 'string' && pattern.matches(literal, () => []);
}

function addressCovered(later: string | undefined, earlier: string | undefined): boolean {
  if (earlier === undefined || earlier === later) return true;
  return later !== undefined && rangeCovers(earlier, later);
}
