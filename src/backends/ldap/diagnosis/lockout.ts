/** Reports what the service account may read of the state of accounts in Active Directory, and what that means. */
import { COMPUTED } from '../attempt/account-state.ts';
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { ANY_ENTRY, encodeFilter, equal } from '../wire/filter.ts';
import type { UserSearch } from '../users/user-search.ts';
import type { ReportStep } from './trace.ts';

interface LockoutDiagnosis {
  readonly search: UserSearch;
  readonly connection: Reader;
  readonly deadline: Deadline;
  readonly report: ReportStep;
}

/** @param root the root DSE */
export async function diagnoseLockout(server: LockoutDiagnosis, root: LdapEntry): Promise<void> {
  const domain = root.texts('defaultNamingContext')[0];
  if (domain === undefined) return;
  await diagnosePolicies(server, domain);
  await diagnoseComputedState(server);
}

/** Without a PSO that it may read, the lockout guard compares with the values of the domain. */
async function diagnosePolicies({ connection, deadline, report }: LockoutDiagnosis, domain: string): Promise<void> {
  const container = `CN=Password Settings Container,CN=System,${domain}`;
  const { entries } = await connection.search(
    {
      base: container,
      scope: 'one',
      filter: encodeFilter(equal('objectClass', 'msDS-PasswordSettings')),
      attributes: ['msDS-LockoutThreshold'],
    },
    deadline,
  );
  const readable = entries.filter((entry) => entry.texts('msDS-LockoutThreshold').length > 0).length;
  const objects = readable === 1 ? '1 password settings object' : `${readable} password settings objects`;
  report({
    ok: true,
    text:
      readable > 0
        ? `reads ${objects} (PSO), so the lockout guard knows their thresholds`
        : `reads no password settings object (PSO): the lockout guard uses the values of the domain; if the domain has any, let the account read ${container}`,
  });
  const { entries: domains } = await connection.search(
    { base: domain, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: ['lockoutThreshold'] },
    deadline,
  );
  if (domains[0]?.texts('lockoutThreshold').length === 1) return;
  report({
    ok: true,
    isWarning: true,
    text: `reads no lockoutThreshold of ${domain}: the lockout guard is off; let the account read it`,
  });
}

/** A global catalog does not compute the attribute, so it shows neither a lock nor an expired password. */
async function diagnoseComputedState({ search, connection, deadline, report }: LockoutDiagnosis): Promise<void> {
  const found = await search.findAnyUser(connection, deadline);
  if (found.kind === 'none') return;
  const dn = found.kind === 'found' ? found.entry.dn : (found.dns[0] ?? '');
  const user = await search.read(connection, dn, deadline);
  if (user.kind !== 'found' || user.entry.texts(COMPUTED).length > 0) return;
  report({
    ok: true,
    isWarning: true,
    text: `shows no ${COMPUTED} of users: locked accounts and expired passwords are found by the bind only, which costs an attempt; use a controller instead of a global catalog, or let the account read it`,
  });
}
