import { describe, expect, it } from 'vitest';
import { LDAP_PRESET_NAMES, LDAP_PRESETS } from '../../../../../src/backends/ldap/config/presets.ts';
import type { LdapPresetName } from '../../../../../src/backends/ldap/config/presets.ts';
import { RESULT } from '../../../../../src/backends/ldap/wire/result-code.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { Secret } from '../../../../../src/core/identity.ts';
import { realClock } from '../../../../support/fakes.ts';
import { createLdap, identityOf, logIn, plainGroups } from '../../../../support/ldap-backend.ts';
import { startLdapStandIn } from '../../../../support/ldap-stand-in.ts';
import type { LdapStandIn, ReceivedBind, ReceivedSearch, StandInEntry } from '../../../../support/ldap-stand-in.ts';
import { GROUPS_DN, PEOPLE_DN, SERVICE } from '../../../../support/slapd-entries.ts';

const ALICE = { username: 'alice', password: 'binds-with-this', dn: `uid=alice,${PEOPLE_DN}` } as const;
const TEAM = { dn: `cn=team-web,${GROUPS_DN}`, attributes: { cn: 'team-web' } } as const;
/** The entry of alice in any directory: the names and ids of all presets, and no groups. */
const ENTRY: StandInEntry = {
  dn: ALICE.dn,
  attributes: Object.fromEntries(
    LDAP_PRESET_NAMES.flatMap((preset) => {
      const { usernameAttribute, id } = LDAP_PRESETS[preset].users;
      return [
        [id, 'id-1'],
        [usernameAttribute, ALICE.username],
      ];
    }),
  ),
};

/** The groups of alice, and the groups that list them, of which there are none. */
function isGroupSearch({ base }: ReceivedSearch): boolean {
  return base === GROUPS_DN;
}

type GroupAnswer = readonly StandInEntry[] | 'lose';

/**
 * A directory with alice.
 *
 * @param answerBind of alice
 * @param answerGroups default: one group that no group lists
 */
function startDirectory(
  answerBind: (bind: ReceivedBind) => number | Promise<number>,
  answerGroups: () => GroupAnswer | Promise<GroupAnswer> = () => [TEAM],
): Promise<LdapStandIn> {
  return startLdapStandIn(
    (bind) => (bind.dn === SERVICE.dn ? RESULT.success : answerBind(bind)),
    (search) => {
      if (isGroupSearch(search)) return answerGroups();
      return search.base === PEOPLE_DN ? [ENTRY] : [];
    },
  );
}

describe('the round trips of a login', () => {
  // A search for the user, and the bind. The search for groups is sent with the bind.
  it.each<[LdapPresetName, searches: number]>([
    ['active-directory', 2],
    ['samba', 2],
    ['openldap', 2],
    ['freeipa', 1],
    ['389ds', 2],
    ['lldap', 1],
    ['glauth', 1],
    ['authentik', 1],
    ['google-secure-ldap', 1],
  ])(
    'are one bind and a fixed number of searches with %s (%i), once parent groups are cached',
    async (preset, searches) => {
      await using standIn = await startDirectory(() => RESULT.success);
      await using backend = await createLdap({ urls: [standIn.url], preset });
      await identityOf(backend, ALICE);
      const before = { binds: standIn.binds.length, searches: standIn.searches.length };

      await identityOf(backend, ALICE);

      expect(standIn.binds.slice(before.binds).map(({ dn }) => dn)).toEqual([ALICE.dn]);
      expect(standIn.searches.slice(before.searches)).toHaveLength(searches);
    },
  );

  it('reads the groups while the directory verifies the password', async () => {
    const { promise: groupsAsked, resolve } = Promise.withResolvers<void>();
    // The password is not verified before the search for the groups has arrived.
    await using standIn = await startDirectory(
      () => groupsAsked.then(() => RESULT.success),
      () => {
        resolve();
        return [TEAM];
      },
    );
    await using backend = await createLdap({ urls: [standIn.url] });

    expect(plainGroups(await identityOf(backend, ALICE))).toEqual(['team-web']);
  });

  it('sends no search for groups before the account may be tried', async () => {
    await using standIn = await startDirectory(() => RESULT.success);
    await using backend = await createLdap({ urls: [standIn.url] });
    const credential = { username: ALICE.username, password: new Secret(ALICE.password) };
    const guard = { beforeAttempt: async () => ({ kind: 'rejected', reason: 'held' }) as const };

    const outcome = await backend.authenticate(credential, deadlineIn(realClock, 8000), guard);

    expect(outcome).toEqual({ kind: 'rejected', reason: 'held' });
    expect(standIn.searches.filter(isGroupSearch)).toEqual([]);
  });

  it('refuses a wrong password when the search for the groups fails', async () => {
    await using standIn = await startDirectory(
      () => RESULT.invalidCredentials,
      () => 'lose',
    );
    await using backend = await createLdap({ urls: [standIn.url] });

    expect(await logIn(backend, ALICE.username, 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
  });

  it.each([
    ['wrong', 1],
    // The control: the group of the user, and the group that lists it.
    ['right', 3],
  ])('sends no search for parent groups after the bind when the password is %s', async (password, expected) => {
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    const parent = { dn: `cn=all,${GROUPS_DN}`, attributes: { cn: 'all' } };
    const answers = [[TEAM], [parent], []];
    let asked = 0;
    await using standIn = await startDirectory(
      ({ password: sent }) => (sent === 'right' ? RESULT.success : RESULT.invalidCredentials),
      async () => {
        asked += 1;
        const answer = answers[asked - 1] ?? [];
        // The first answer comes after the refusal.
        if (password === 'wrong') await isOver;
        return answer;
      },
    );
    await using backend = await createLdap({ urls: [standIn.url] });

    const { kind } = await logIn(backend, ALICE.username, password);
    end();
    // Other requests take longer than what follows the answer.
    for (let count = 0; count < 3; count++) await backend.probe(deadlineIn(realClock, 8000));

    expect(kind).toBe(password === 'right' ? 'authenticated' : 'rejected');
    expect(asked).toBe(expected);
  });

  it('never counts groups that cannot be read as none, although the password is correct', async () => {
    await using standIn = await startDirectory(
      () => RESULT.success,
      () => 'lose',
    );
    await using backend = await createLdap({ urls: [standIn.url] });

    await expect(logIn(backend, ALICE.username, ALICE.password)).rejects.toMatchObject({ code: 'backend_unavailable' });
    expect(standIn.binds.filter(({ dn }) => dn === ALICE.dn)).toHaveLength(1);
  });
});
