/** Invented tokens, sign-ins and decisions, which several pages show. */
import type { DecisionView } from '../../../src/pages/access.ts';
import type { DecisionRow } from '../../../src/pages/admin/decision-rows.ts';
import type { SignInRow } from '../../../src/pages/sign-ins.ts';
import type { TokenView } from '../../../src/pages/token-view.ts';
import { DAY, SAMPLE_NOW } from './sample.ts';
import type { Text } from './sample.ts';

export function sampleTokens(text: Text): readonly [TokenView, ...TokenView[]] {
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

export function sampleSignIns(text: Text): readonly [SignInRow, ...SignInRow[]] {
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

export function sampleDecision(text: Text): DecisionView {
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

export function sampleDecisions(text: Text): readonly DecisionRow[] {
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
    { ...shared, at: SAMPLE_NOW - 75, requestId: '01JZ4R8T6QF3W0P9X2C3', nobody: 'anonymous', via: 'no login' },
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
      requestId: '01JZ4R8T6QF3W0P9X2BZ',
      nobody: 'unknown',
      via: 'stored login',
      refusal: 'this login has ended; sign in again',
    },
    {
      ...shared,
      at: SAMPLE_NOW - 320,
      requestId: '01JZ4R8T6QF3W0P9X2C0',
      username: text('robot:web-ci'),
      via: text('token deploy web'),
      scopes: [scope('web/shop', ['pull'], ['pull'])],
    },
  ];
}

/** The patterns of what one user may do. */
export function samplePatterns(text: Text) {
  return sampleOwnPatterns(text).map(({ pattern, actions }, index) => ({
    pattern,
    actions,
    services: index === 0 ? ['registry.example.com'] : [],
    rule: text('teams own their namespace'),
    file: 'policy.yaml',
    line: 7,
    conditions: index === 0 ? [text('the client is in 10.0.0.0/8')] : [],
  }));
}

/** The same, for the form of a token. */
export function sampleOwnPatterns(text: Text) {
  return [
    { pattern: text('web/**'), actions: ['pull', 'push'] },
    { pattern: text('public/**'), actions: ['pull'] },
  ];
}
