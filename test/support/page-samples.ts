/** Every page of the console with invented content. */
import type { DecisionRow } from '../../src/pages/admin/decision-rows.ts';
import { backendsPage } from '../../src/pages/admin/backends.ts';
import { decisionsPage } from '../../src/pages/admin/decisions.ts';
import { fleetPage } from '../../src/pages/admin/fleet.ts';
import { endPersonPage, peoplePage, personPage } from '../../src/pages/admin/people.ts';
import { policyPage } from '../../src/pages/admin/policy.ts';
import { shadowPage } from '../../src/pages/admin/shadow.ts';
import { testLoginPage } from '../../src/pages/admin/test-login.ts';
import { tryOutPage } from '../../src/pages/admin/try-out.ts';
import type { ChangesView } from '../../src/pages/admin/try-out.ts';
import { whoCanPage } from '../../src/pages/admin/who-can.ts';
import { accessPage } from '../../src/pages/access.ts';
import type { DecisionView } from '../../src/pages/access.ts';
import { createTokenPage, newTokenPage } from '../../src/pages/create-token.ts';
import {
  consentDeniedPage,
  consentDonePage,
  consentPage,
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
} from '../../src/pages/device.ts';
import type { Page, Person } from '../../src/pages/page.ts';
import { endOthersPage, endSignInPage, signInsPage } from '../../src/pages/sign-ins.ts';
import type { SignInRow } from '../../src/pages/sign-ins.ts';
import { errorPage, signedOutPage, signInPage } from '../../src/pages/sign-in.ts';
import type { Html } from '../../src/pages/template/html.ts';
import { loopbackUrl, urlsUnder } from '../../src/pages/template/url.ts';
import type { TokenView } from '../../src/pages/token-view.ts';
import { revokeTokenPage, tokensPage } from '../../src/pages/tokens.ts';

export const SAMPLE_NOW = 1_780_000_000;
const DAY = 86_400;

/** A page by its name; the name is also that of its picture. */
export type Samples = Readonly<Record<string, () => Html>>;

interface SampleOptions {
  readonly base?: string;
  /** Replaces each text that comes from outside: names of users, tokens, groups, repositories, user agents. */
  readonly text?: (plain: string) => string;
}

/** A page of somebody without a session. */
function visitorAt(base: string): Page {
  const url = urlsUnder(base);
  const site = {
    url,
    style: url`/console/assets/style.css`,
    script: url`/console/assets/app.js`,
    version: '1.4.0',
  };
  return { site, now: SAMPLE_NOW, requestId: '01JZ4R8T6QF3W0P9X2C5' };
}

/** @returns the pages; each call of one makes its HTML anew */
export function samplePages({ base = '', text = (plain) => plain }: SampleOptions = {}): Samples {
  const visitor = visitorAt(base);
  const person: Person = { username: text('alice'), backend: 'corp', isAdmin: false };
  const user: Page = { ...visitor, person, policyRevision: '2d45c19ffc8c' };
  const admin: Page = { ...user, person: { ...person, isAdmin: true } };
  const tokens = sampleTokens(text);
  const [firstToken] = tokens;
  const signIns = sampleSignIns(text);
  const [firstSignIn] = signIns;
  const services = ['registry.example.com', 'releases.example.com'];
  const own = [
    { pattern: text('web/**'), actions: ['pull', 'push'] },
    { pattern: text('public/**'), actions: ['pull'] },
  ];
  const form = {
    name: text('laptop'),
    owner: 'me',
    ends: '90',
    date: '',
    rights: 'limited' as const,
    limits: [{ service: 'registry.example.com', repositories: text('web/**'), actions: ['pull'] }],
    networks: text('10.2.0.0/16'),
  };
  const create = {
    form,
    problems: new Map<string, string>(),
    lifetimes: [30, 90, 365],
    maxDays: 365,
    services,
    robots: [text('web-ci')],
    requiresLimits: false,
    own,
  };
  const everything = own.map(({ pattern, actions }, index) => ({
    pattern,
    actions,
    services: index === 0 ? ['registry.example.com'] : [],
    rule: text('teams own their namespace'),
    file: 'policy.yaml',
    line: 7,
    conditions: index === 0 ? [text('the client is in 10.0.0.0/8')] : [],
  }));
  const access = {
    services,
    groups: [text('team-web'), text('cn=staff,dc=example')],
    everything,
    isCut: false,
    denied: [
      {
        requestId: '01JZ4R8T6QF3W0P9X2C4',
        at: SAMPLE_NOW - 200,
        missing: [text('web/release/shop: push'), text('ops: pull')],
      },
    ],
  };
  const policy = samplePolicy(text);
  const decisions = { capacity: 10_000, count: 10_000, since: SAMPLE_NOW - DAY, hidden: 0 };
  const tried = {
    checks: policy.checks,
    isInForce: false,
    command: 'fairlead diff policy.yaml next.yaml --config broker.yaml',
  };

  return {
    'sign-in': () =>
      signInPage(visitor, {
        providers: [{ name: 'sso', label: text('Example Corp') }],
        hasForm: true,
        to: '/console/tokens',
      }),
    'sign-in-failed': () =>
      signInPage(visitor, {
        providers: [],
        hasForm: true,
        username: text('alice'),
        problem: 'Wrong user name or password.',
        reason: 'To create a token, sign in again: your sign-in is older than an hour.',
        to: '/console/tokens/new',
      }),
    'sign-in-impossible': () => signInPage(visitor, { providers: [], hasForm: false, to: '/console/access' }),
    'signed-out-without-logout': () =>
      signedOutPage(visitor, { provider: { name: 'sso', label: text('Example Corp') }, hasNoLogout: true }),
    'signed-out': () => signedOutPage(visitor, { provider: { name: 'sso', label: text('Example Corp') } }),
    error: () =>
      errorPage(user, {
        title: 'This page does not exist',
        advice: 'Check the address, or go on from the console.',
        next: 'console',
      }),
    'error-visitor': () =>
      errorPage(visitor, {
        title: 'The directory does not answer',
        advice: 'Try again in a minute.',
        next: 'sign-in',
      }),
    tokens: () => tokensPage(user, { tokens }),
    'tokens-revoked': () => tokensPage(user, { tokens: tokens.slice(0, 1), isRevoked: true }),
    'tokens-many': () => tokensPage(admin, { tokens: [...tokens, ...tokens, ...tokens], filter: text('web') }),
    'tokens-none': () => tokensPage(user, { tokens: [] }),
    'tokens-none-found': () => tokensPage(user, { tokens: [], filter: text('nothing') }),
    'token-new': () => createTokenPage(user, create),
    'token-new-problems': () =>
      createTokenPage(user, {
        ...create,
        form: { ...form, ends: 'date', date: '2020-01-01' },
        problem: text('alice has 50 tokens, and may have 50.'),
        problems: new Map([
          ['name', 'Another token has this name.'],
          ['ends', 'Choose when it ends.'],
          ['date', text('"2020-01-01" is in the past.')],
          ['limits.0.repositories', text('"Web/**" has upper-case letters, which no repository name has.')],
          ['limits.0.actions', 'Choose at least one.'],
          ['networks', text('"10.2" is no network.')],
        ]),
      }),
    'token-created': () =>
      newTokenPage(user, {
        name: text('laptop'),
        secret: 'flp_7Qm2VtJ9cXw4rN8sLk3HyB6dZa1TfPeUo5GiR0qWxMjK1kQ9zR',
        expiresAt: SAMPLE_NOW + 90 * DAY,
        commands: [
          { program: 'docker', words: ['docker', 'login', 'registry.example.com', '--username', text('alice')] },
          { program: 'podman', words: ['podman', 'login', 'registry.example.com', '--username', text('alice')] },
        ],
      }),
    'token-revoke': () => revokeTokenPage(user, firstToken),
    access: () => accessPage(user, access),
    'access-answer': () =>
      accessPage(user, {
        ...access,
        groupsAsOf: SAMPLE_NOW - 5 * DAY,
        question: { repository: text('web/release/shop'), service: 'registry.example.com' },
        answer: sampleDecision(text),
      }),
    'access-denial': () =>
      accessPage(user, {
        ...access,
        requestId: '01JZ4R8T6QF3W0P9X2C4',
        denial: {
          at: SAMPLE_NOW - 200,
          program: text('docker/28.2.2'),
          from: '10.1.4.7',
          decisions: [sampleDecision(text), { ...sampleDecision(text), reasons: [] }],
          refusal: 'The token has expired.',
        },
      }),
    'access-denial-other': () =>
      accessPage(admin, {
        ...access,
        requestId: '01JZ4R8T6QF3W0P9X2C4',
        denial: {
          at: SAMPLE_NOW - 200,
          from: '10.1.4.7',
          who: text('bob'),
          token: text('laptop'),
          decisions: [sampleDecision(text)],
          refusal: text('The registry token does not grant web/release/shop: push.'),
          advice: 'Another broker has issued this token.',
        },
      }),
    'access-none': () =>
      accessPage(user, { ...access, groups: [], everything: [], requestId: text('01JZ'), denial: 'unknown' }),
    'access-wrong': () =>
      accessPage(user, {
        ...access,
        isCut: true,
        question: { repository: text('Web/Shop'), service: 'registry.example.com' },
        problem: 'Repository names have no upper-case letters.',
      }),
    'sign-ins': () => signInsPage(user, { signIns, ended: 'one' }),
    'sign-ins-none': () => signInsPage(user, { signIns: [] }),
    'sign-in-end': () => endSignInPage(user, firstSignIn),
    'sign-ins-end-others': () => endOthersPage(user, 2),
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
        since: SAMPLE_NOW - 60,
        hidden: 0,
      }),
    policy: () => policyPage(admin, { ...policy, isStale: false }),
    'policy-stale': () =>
      policyPage(admin, {
        ...policy,
        isStale: true,
        findings: [],
        checks: {
          tests: { passed: 13, failures: [{ line: 30, message: text('alice may push web/shop') }] },
          invariants: { proved: 1, failures: [text('Invariant "releases": bob can push web/release/shop')] },
        },
        problem: 'Lint and the tests were not run: another question is being examined.',
        shadow: { revision: undefined, isStale: true, same: 0, differing: 0, since: SAMPLE_NOW - DAY },
      }),
    'policy-without-shadow': () => policyPage(admin, { ...policy, isStale: false, shadow: undefined }),
    'policy-shadow': () =>
      shadowPage(admin, {
        shadow: { ...policy.shadow, isStale: true, differing: 1812 },
        rows: sampleDifferences(text),
        hidden: 1712,
        capacity: 1000,
        filter: { person: text('alice'), repository: text('web'), change: 'lost' },
      }),
    'policy-shadow-none': () =>
      shadowPage(admin, {
        shadow: undefined,
        rows: [],
        hidden: 0,
        capacity: 1000,
        filter: { person: '', repository: '', change: '' },
      }),
    'policy-try': () => tryOutPage(admin, { text: policy.text }),
    'policy-try-result': () =>
      tryOutPage(admin, {
        text: policy.text,
        result: { ...tried, findings: policy.findings, changes: sampleChanges(text) },
      }),
    'policy-try-many': () =>
      tryOutPage(admin, { text: policy.text, result: { ...tried, findings: [], changes: manyChanges() } }),
    'policy-try-same': () =>
      tryOutPage(admin, {
        text: policy.text,
        result: { ...tried, findings: [], isInForce: true, changes: NO_CHANGES },
      }),
    'policy-try-not-compared': () =>
      tryOutPage(admin, { text: policy.text, result: { ...tried, findings: policy.findings } }),
    'policy-try-invalid': () =>
      tryOutPage(admin, {
        text: policy.text,
        result: {
          findings: [{ line: 3, severity: 'problem', message: text('expected one of pull, push; got "puhs"') }],
          isInForce: false,
          command: tried.command,
        },
      }),
    'who-can': () =>
      whoCanPage(admin, {
        services,
        question: {
          action: 'push',
          repository: text('web/shop'),
          service: 'registry.example.com',
          client: text('10.1.4.7'),
        },
        answer: {
          grantees: [
            {
              who: text('members of team-web'),
              rule: text('teams own their namespace'),
              file: 'policy.yaml',
              line: 7,
              verdict: 'yes',
              notes: [],
            },
            {
              who: 'any user',
              rule: text('releases'),
              file: 'policy.yaml',
              line: 19,
              verdict: 'perhaps',
              notes: [text('only from 10.0.0.0/8'), text('denied by "freeze"')],
            },
            {
              who: text('user carol'),
              rule: text('carol'),
              file: 'policy.yaml',
              line: 33,
              verdict: 'exceptions',
              notes: [text('denied by "freeze" (policy.yaml:50), unless also members of release')],
            },
            { who: text('user bob'), rule: text('bob'), file: 'policy.yaml', line: 40, verdict: 'no', notes: [] },
          ],
          users: [text('alice'), text('carol')],
          anonymous: true,
          gaps: ['a directory may have users that no rule names'],
        },
      }),
    'who-can-nobody': () =>
      whoCanPage(admin, {
        services,
        question: {
          action: 'delete',
          repository: text('web/shop'),
          service: 'registry.example.com',
          client: '10.1.4.7',
        },
        problem: 'Repository names have no upper-case letters.',
        answer: { grantees: [], users: [], anonymous: false, gaps: [] },
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
          patterns: everything,
          isCut: true,
        },
      }),
    'test-login-without-rights': () =>
      testLoginPage(admin, {
        username: text('bob'),
        steps: [{ state: 'ok', text: text('backend local authenticates bob, no group') }],
        user: { name: text('bob'), backend: 'local', groups: [], patterns: [], isCut: false },
      }),
    'test-login-fails': () =>
      testLoginPage(admin, {
        username: text('alice'),
        steps: [
          { state: 'ok', text: text('backend corp: finds uid=alice,ou=people,dc=corp,dc=example') },
          { state: 'warning', text: text('backend corp: reads no groups: add groups.base') },
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
          },
          { name: text('fairlead-1'), isThisOne: false, silentFor: 3, revisions: { policy: '99aa88bb77cc' } },
        ],
        differing: ['policy'],
        unreadable: 1,
        down: text('connect ECONNREFUSED'),
      }),
    'fleet-none': () => fleetPage(admin, { brokers: undefined, differing: [], unreadable: 0 }),
    device: () => deviceCodePage(user, { code: text('BDWP-HQPQ'), problem: 'This code is not known.' }),
    'device-confirm': () =>
      deviceConfirmPage(user, {
        code: 'BDWP-HQPK',
        program: text('docker-credential-fairlead 1.4'),
        from: '203.0.113.9',
        isSameNetwork: false,
        service: 'registry.example.com',
        days: 30,
      }),
    'device-approved': () => deviceDonePage(user, 'approved'),
    'device-denied': () => deviceDonePage(user, 'denied'),
    consent: () =>
      consentPage(user, {
        program: text('docker-credential-fairlead'),
        service: 'registry.example.com',
        days: 30,
        fields: { request: text('a1b2c3') },
      }),
    'consent-done': () => consentDonePage(user, loopbackUrl('http://127.0.0.1:41234/callback?code=abc&state=def')),
    'consent-denied': () => consentDeniedPage(user, loopbackUrl('http://127.0.0.1:40404/callback?error=access_denied')),
  };
}

const MANY = 1000;

/** Pages with as many rows as anybody will have. */
export function largePages(): Samples {
  const visitor = visitorAt('');
  const person: Person = { username: 'alice', backend: 'corp', isAdmin: true };
  const page: Page = { ...visitor, person };
  const plain = (text: string): string => text;
  const many = <Row>(rows: readonly Row[]): readonly Row[] =>
    Array.from({ length: MANY }, (_, index) => rows[index % rows.length]).filter((row) => row !== undefined);
  return {
    'tokens-1000': () => tokensPage(page, { tokens: many(sampleTokens(plain)) }),
    'decisions-1000': () =>
      decisionsPage(page, {
        rows: many(sampleDecisions(plain)),
        filter: { person: '', repository: '', isRefusedOnly: false },
        capacity: MANY,
        count: MANY,
        since: SAMPLE_NOW - DAY,
        hidden: 0,
      }),
    'who-can-1000': () =>
      whoCanPage(page, {
        services: [],
        answer: {
          grantees: many([
            { who: 'members of team-web', rule: 'teams', file: 'policy.yaml', line: 7, verdict: 'yes', notes: [] },
          ]),
          users: many(['alice', 'bob']),
          anonymous: false,
          gaps: [],
        },
      }),
  };
}

function sampleTokens(text: (plain: string) => string): readonly [TokenView, ...TokenView[]] {
  return [
    {
      id: '3f9a0c1b2d4e',
      name: text('laptop'),
      networks: [],
      createdAt: SAMPLE_NOW,
      expiresAt: SAMPLE_NOW + 90 * DAY,
      state: 'active',
    },
    {
      id: '8c77d0e1b117',
      name: text('deploy web'),
      robot: text('web-ci'),
      limits: [{ service: 'registry.example.com', repositories: [text('web/**')], actions: ['pull'] }],
      networks: [text('10.2.0.0/16')],
      createdAt: SAMPLE_NOW - 49 * DAY,
      expiresAt: SAMPLE_NOW + 41 * DAY,
      used: { at: SAMPLE_NOW - 180, by: text('containerd'), from: '10.2.0.7' },
      state: 'active',
    },
    {
      id: '11aa22bb982e',
      name: text('old build box'),
      limits: [
        {
          service: 'registry.example.com',
          repositories: [text('web/shop'), text('web/cart')],
          actions: ['pull', 'push'],
        },
      ],
      networks: [],
      createdAt: SAMPLE_NOW - 86 * DAY,
      expiresAt: SAMPLE_NOW + 4 * DAY,
      used: { at: SAMPLE_NOW - 26 * DAY, by: text('docker'), from: '10.9.1.20' },
      state: 'active',
    },
    {
      id: '55ee66ff0000',
      name: text('asleep one'),
      limits: [],
      api: 'read',
      networks: [],
      createdAt: SAMPLE_NOW - DAY,
      expiresAt: SAMPLE_NOW + 30 * DAY,
      state: 'asleep',
    },
    {
      id: '77ee66ff0001',
      name: text('expired one'),
      networks: [],
      createdAt: SAMPLE_NOW - 90 * DAY,
      expiresAt: SAMPLE_NOW - DAY,
      state: 'expired',
    },
  ];
}

function sampleSignIns(text: (plain: string) => string): readonly [SignInRow, ...SignInRow[]] {
  const times = { createdAt: SAMPLE_NOW - 25 * DAY, usedAt: SAMPLE_NOW - 3600, expiresAt: SAMPLE_NOW + 5 * DAY };
  const docker = { ...times, program: text('docker'), from: '10.1.4.7', service: 'registry.example.com' };
  return [
    {
      ...times,
      id: '0a1b2c3d4e5f',
      kind: 'browser',
      program: text('Firefox on Linux'),
      from: '10.1.4.7',
      isCurrent: true,
    },
    { ...docker, id: '1a1b2c3d4e5f', kind: 'docker', isCurrent: false, isAsleep: true },
    { ...docker, id: '2a1b2c3d4e5f', kind: 'helper', isCurrent: false },
  ];
}

function sampleDecision(text: (plain: string) => string): DecisionView {
  return {
    repository: text('web/release/shop'),
    service: 'registry.example.com',
    verdicts: [
      { action: 'pull', verdict: 'granted' },
      { action: 'push', verdict: 'denied' },
      { action: 'delete', verdict: 'not granted' },
    ],
    reasons: [
      {
        rule: text('teams own their namespace'),
        file: 'policy.yaml',
        line: 7,
        effect: 'allow',
        actions: ['pull', 'push'],
        via: `group ${text('team-web')}`,
      },
      {
        rule: text('only the pipeline releases'),
        file: 'policy.yaml',
        line: 19,
        effect: 'deny',
        actions: ['push'],
        via: 'everyone',
      },
      {
        rule: text('home'),
        file: 'policy.yaml',
        line: 23,
        effect: 'skipped',
        actions: ['*'],
        via: `user ${text('alice')}`,
        note: text('{user} is "Alice A", which cannot be part of a repository name'),
      },
    ],
    nearMisses: [text('rule "releases" (policy.yaml:31) allows push here, but from 10.0.0.0/8')],
  };
}

function sampleDecisions(text: (plain: string) => string): readonly DecisionRow[] {
  const shared = { from: '10.1.4.7', service: 'registry.example.com', unlisted: 0, isProxied: false, scopes: [] };
  const scope = (name: string, asked: readonly string[], granted: readonly string[]) => ({
    name: text(name),
    asked,
    granted,
    limited: granted.length > 0 && granted.length < asked.length ? ['push'] : [],
    rules: granted.length === 0 ? [] : [text('teams own their namespace')],
  });
  return [
    {
      ...shared,
      at: SAMPLE_NOW - 30,
      requestId: '01JZ4R8T6QF3W0P9X2C4',
      username: text('alice'),
      via: text('token laptop'),
      unlisted: 3,
      scopes: [
        scope('web/shop', ['pull', 'push'], ['pull']),
        scope('web/base', ['pull'], ['pull']),
        scope('ops/secret', ['pull'], []),
      ],
    },
    { ...shared, at: SAMPLE_NOW - 75, requestId: '01JZ4R8T6QF3W0P9X2C3', via: 'no login' },
    {
      ...shared,
      at: SAMPLE_NOW - 92,
      requestId: '01JZ4R8T6QF3W0P9X2C2',
      username: text('bob'),
      via: 'login',
      refusal: 'wrong user name or password',
    },
    {
      ...shared,
      at: SAMPLE_NOW - 240,
      requestId: '01JZ4R8T6QF3W0P9X2C1',
      username: text('carol'),
      via: 'stored login',
      isProxied: true,
      scopes: [scope('web/release/shop', ['pull', 'push'], ['pull'])],
      refusal: 'requested access to the resource is denied',
    },
    {
      ...shared,
      at: SAMPLE_NOW - 310,
      requestId: '01JZ4R8T6QF3W0P9X2C0',
      username: text('robot:web-ci'),
      via: text('token deploy web'),
      scopes: [scope('web/shop', ['pull'], ['pull'])],
    },
  ];
}

function samplePolicy(text: (plain: string) => string) {
  return {
    file: 'policy.yaml',
    revision: '2d45c19ffc8c',
    text: [
      'rules:',
      '  - name: teams own their namespace',
      '    who: { groups: ["team-{team}"] }',
      '    repositories: ["{team}/**"]',
      '    allow: [pull, push]',
      '',
      `  - name: ${text('everybody pulls what is public')}`,
      '    who: everyone',
      '    repositories: ["public/**"]',
      '    allow: [pull]',
    ].join('\n'),
    findings: [
      { line: 4, severity: 'warning' as const, message: text('writes to every namespace that a group can name') },
      { line: 10, severity: 'hint' as const, message: text('everybody can read it') },
    ],
    checks: { tests: { passed: 14, failures: [] }, invariants: { proved: 2, failures: [] } },
    shadow: { revision: '99aa88bb77cc', isStale: false, same: 809, differing: 3, since: SAMPLE_NOW - DAY },
  };
}

function sampleChange(text: (plain: string) => string) {
  const rule = { rule: text('teams own their namespace'), place: 'policy.yaml:2', effect: 'allow' as const };
  return {
    before: { granted: ['pull', 'push'], rules: [rule] },
    after: {
      granted: ['pull', 'delete'],
      rules: [
        { rule: text('freeze'), place: 'line 12', effect: 'deny' as const },
        { rule: text('home'), place: 'line 19', effect: 'skipped' as const },
      ],
    },
  };
}

function sampleDifferences(text: (plain: string) => string) {
  const asked = { asked: ['pull', 'push'], service: 'registry.example.com', from: '10.1.4.7' };
  const shared = { ...sampleChange(text), ...asked, at: SAMPLE_NOW - 30 };
  return [
    { ...shared, requestId: '01JZ4R8T6QF3W0P9X2C4', username: text('alice'), name: text('web/shop') },
    {
      ...shared,
      requestId: '01JZ4R8T6QF3W0P9X2C3',
      name: 'registry catalog',
      before: { granted: [], rules: [] },
      after: { granted: ['*'], rules: [] },
    },
  ];
}

const NO_CHANGES: ChangesView = {
  compared: 812,
  since: SAMPLE_NOW - DAY,
  changed: 0,
  gained: 0,
  lost: 0,
  rows: [],
  unlisted: 0,
  people: [],
  repositories: [],
  gaps: [],
};

function sampleChanges(text: (plain: string) => string): ChangesView {
  const shared = { ...sampleChange(text), service: 'registry.example.com', last: SAMPLE_NOW - 60 };
  return {
    ...NO_CHANGES,
    changed: 4,
    gained: 4,
    lost: 3,
    rows: [
      { ...shared, username: text('alice'), backend: 'corp', name: text('web/shop'), times: 3 },
      { ...shared, username: undefined, backend: '', name: text('public/base'), times: 1 },
    ],
    gaps: ['Not compared: 12. Of a request for many repositories, only the first are held.'],
  };
}

/** As many as one page shows, each text once: other samples have the texts from outside. */
function manyChanges(): ChangesView {
  const change = sampleChange((plain) => plain);
  const rows = Array.from({ length: 100 }, (_, index) => ({
    ...change,
    username: `person-${((index + 1) * 7919) % 1000}`,
    backend: 'corp',
    name: `team-${(index * 31) % 17}/service-${(index * 7793) % 997}`,
    service: 'registry.example.com',
    times: ((index * 37) % 90) + 1,
    last: SAMPLE_NOW - index * 977,
  }));
  const sums = Array.from({ length: 10 }, (_, index) => ({ name: `name-${index}`, gained: index, lost: 90 }));
  return {
    ...NO_CHANGES,
    changed: 2400,
    lost: 2300,
    gained: 900,
    rows,
    unlisted: 412,
    people: sums,
    repositories: sums,
  };
}
