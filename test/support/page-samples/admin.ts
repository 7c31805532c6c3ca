/** The pages of administrators about decisions, backends, people and the fleet. */
import { backendsPage } from '../../../src/pages/admin/backends.ts';
import { decisionsPage } from '../../../src/pages/admin/decisions.ts';
import { fleetPage } from '../../../src/pages/admin/fleet.ts';
import { endPersonPage, peoplePage, personPage } from '../../../src/pages/admin/people.ts';
import { testLoginPage } from '../../../src/pages/admin/test-login.ts';
import { sampleDecisions, samplePatterns, sampleSignIns, sampleTokens } from './records.ts';
import { DAY, SAMPLE_NOW } from './sample.ts';
import type { Samples, Text, Viewers } from './sample.ts';

export function adminSamples({ admin }: Viewers, text: Text): Samples {
  const tokens = sampleTokens(text);
  const signIns = sampleSignIns(text);
  const since = { user: SAMPLE_NOW - DAY, nameless: SAMPLE_NOW - DAY, refused: SAMPLE_NOW - 7200 };
  const decisions = { capacity: 10_000, count: 10_000, since, hidden: 0 };
  return {
    decisions: () =>
      decisionsPage(admin, {
        ...decisions,
        rows: sampleDecisions(text),
        filter: { person: '', repository: '', isRefusedOnly: false },
      }),
    'decisions-filtered': () =>
      decisionsPage(admin, {
        ...decisions,
        rows: sampleDecisions(text).slice(0, 2),
        filter: { person: text('alice'), repository: text('web/shop'), isRefusedOnly: true },
        hidden: 40,
      }),
    'decisions-none-found': () =>
      decisionsPage(admin, {
        ...decisions,
        rows: [],
        filter: { person: text('nobody'), repository: '', isRefusedOnly: false },
      }),
    'decisions-none': () =>
      decisionsPage(admin, {
        rows: [],
        filter: { person: '', repository: '', isRefusedOnly: false },
        capacity: 10_000,
        count: 0,
        since: { user: SAMPLE_NOW - 60, nameless: SAMPLE_NOW - 60, refused: SAMPLE_NOW - 60 },
        hidden: 0,
      }),
    backends: () =>
      backendsPage(admin, {
        backends: [
          {
            name: 'corp',
            type: 'ldap',
            state: 'up',
            since: SAMPLE_NOW - 3 * DAY,
            probeMs: 2.4,
            logins: { count: 200, p50Ms: 11.8, p95Ms: 41, lastAt: SAMPLE_NOW - 40 },
            lastFailure: { at: SAMPLE_NOW - 2 * 3600, cause: text('ldaps://dc1.corp.example: no answer in time') },
            servers: [
              { url: text('ldaps://dc2.corp.example'), state: 'up', since: SAMPLE_NOW - 3 * DAY },
              {
                url: text('ldaps://dc1.corp.example'),
                state: 'down',
                since: SAMPLE_NOW - 7200,
                problem: text('connect ETIMEDOUT 10.1.4.7:636'),
              },
              { url: text('ldaps://dc3.corp.example'), state: 'unused' },
            ],
          },
          {
            name: 'sso',
            type: 'oidc-sign-in',
            state: 'down',
            since: SAMPLE_NOW - 300,
            problem: text('connect ECONNREFUSED 10.1.4.7:443'),
            probeMs: 1200,
            servers: [],
          },
          { name: 'local', type: 'static-file', state: 'unknown', servers: [] },
        ],
      }),
    'backends-none': () => backendsPage(admin, { backends: [] }),
    'test-login': () => testLoginPage(admin, {}),
    'test-login-limited': () =>
      testLoginPage(admin, { username: text('alice'), problem: 'This name was tested too often. Nothing was sent.' }),
    'test-login-works': () =>
      testLoginPage(admin, {
        username: text('alice'),
        steps: [
          { state: 'ok', text: text('backend local does not know this user; the next one is asked') },
          { state: 'ok', text: text('backend corp: asks ldaps://dc2.corp.example') },
          {
            state: 'ok',
            text: text('backend corp: searches (&(objectClass=person)(uid=alice)) under ou=people,dc=corp,dc=example'),
          },
          { state: 'ok', text: text('backend corp: finds uid=alice,ou=people,dc=corp,dc=example') },
          {
            state: 'ok',
            text: text('backend corp: binds as uid=alice,ou=people,dc=corp,dc=example: the password is correct'),
          },
          { state: 'ok', text: text('backend corp: finds 1 group under ou=groups: cn=team-web,ou=groups') },
          { state: 'ok', text: text('backend corp authenticates alice, groups team-web') },
        ],
        user: {
          name: text('alice'),
          backend: 'corp',
          groups: [text('cn=team-web,ou=groups,dc=corp,dc=example'), text('team-web')],
          patterns: samplePatterns(text),
          isCut: true,
        },
      }),
    'test-login-without-rights': () =>
      testLoginPage(admin, {
        username: text('bob'),
        steps: [
          { state: 'warning', text: text('backend local authenticates bob, no group: no rule for groups applies') },
        ],
        user: { name: text('bob'), backend: 'local', groups: [], patterns: [], isCut: false },
      }),
    'test-login-fails': () =>
      testLoginPage(admin, {
        username: text('alice'),
        steps: [
          { state: 'ok', text: text('backend corp: finds uid=alice,ou=people,dc=corp,dc=example') },
          { state: 'warning', text: text('backend corp: reads no groups: add groups.base') },
          { state: 'failed', text: text('backend corp: binds as uid=alice,ou=people: wrong-password') },
          { state: 'failed', text: text('backend corp rejects the login: wrong-password') },
        ],
      }),
    people: () => peoplePage(admin, { name: text('nobody'), problem: 'No backend finds this user.' }),
    'people-case': () =>
      peoplePage(admin, {
        name: text('ALICE'),
        problem: 'No backend finds this user, and nobody of this name has tokens or sessions.',
        spellings: [text('alice'), text('Alice')],
      }),
    person: () =>
      personPage(admin, {
        username: text('alice'),
        account: { backend: 'corp', groups: [text('team-web'), text('cn=staff,dc=example')] },
        tokens,
        signIns,
        robotTokens: tokens.map((token, index) => ({ token, endsWithPerson: index === 0 })),
        decisions: sampleDecisions(text).slice(0, 1),
        done: 'Everything has ended.',
      }),
    'person-empty': () =>
      personPage(admin, {
        username: text('bob'),
        problem: 'The backend corp does not answer, so the groups are not known.',
        tokens: [],
        signIns: [],
        robotTokens: [],
        decisions: [],
      }),
    'person-end': () =>
      endPersonPage(admin, {
        username: text('alice'),
        tokens: 3,
        signIns: 1,
        robotTokens: tokens.map((token, index) => ({ token, endsWithPerson: index === 0 })),
      }),
    fleet: () =>
      fleetPage(admin, {
        brokers: [
          {
            name: text('fairlead-0'),
            isThisOne: true,
            silentFor: 1,
            revisions: { policy: '2d45c19ffc8c', users: 'a1b2c3d4e5f6' },
            backends: [
              { name: 'local', state: 'up', since: SAMPLE_NOW - DAY, askedAt: SAMPLE_NOW - 20 },
              { name: 'corp', state: 'down', since: SAMPLE_NOW - 300, askedAt: SAMPLE_NOW - 120 },
            ],
          },
          {
            name: text('fairlead-1'),
            isThisOne: false,
            silentFor: 3,
            revisions: { policy: '99aa88bb77cc' },
            backends: [],
          },
          { name: text('fairlead-2'), isThisOne: false, silentFor: 2, revisions: {} },
        ],
        differing: ['policy'],
        unreadable: 1,
        down: text('connect ECONNREFUSED'),
      }),
    'fleet-none': () => fleetPage(admin, { brokers: undefined, differing: [], unreadable: 0 }),
  };
}
