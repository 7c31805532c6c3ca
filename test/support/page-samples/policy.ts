/** The pages of administrators about the policy. */
import { policyPage } from '../../../src/pages/admin/policy.ts';
import { shadowPage } from '../../../src/pages/admin/shadow.ts';
import { tryOutPage } from '../../../src/pages/admin/try-out.ts';
import type { ChangesView } from '../../../src/pages/admin/try-out.ts';
import { whoCanPage } from '../../../src/pages/admin/who-can.ts';
import { DAY, SAMPLE_NOW, SERVICES } from './sample.ts';
import type { Samples, Text, Viewers } from './sample.ts';

export function policySamples({ admin }: Viewers, text: Text): Samples {
  const policy = samplePolicy(text);
  const tried = {
    checks: policy.checks,
    isInForce: false,
    command: 'fairlead diff policy.yaml next.yaml --config broker.yaml',
  };
  return {
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
        services: SERVICES,
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
        services: SERVICES,
        question: {
          action: 'delete',
          repository: text('web/shop'),
          service: 'registry.example.com',
          client: '10.1.4.7',
        },
        problem: 'Repository names have no upper-case letters.',
        answer: { grantees: [], users: [], anonymous: false, gaps: [] },
      }),
  };
}

function samplePolicy(text: Text) {
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

function sampleChange(text: Text) {
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

function sampleDifferences(text: Text) {
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

function sampleChanges(text: Text): ChangesView {
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
    gaps: ['Not compared: 12. Of a request for many repositories, only the first are recorded.'],
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
