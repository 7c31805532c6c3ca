/** The pages about the tokens, the access and the sign-ins of the person who looks at them. */
import { accessPage } from '../../../src/pages/access.ts';
import { createTokenPage, newTokenPage } from '../../../src/pages/create-token.ts';
import { endOthersPage, endSignInPage, signInsPage } from '../../../src/pages/sign-ins.ts';
import { revokeTokenPage, tokensPage } from '../../../src/pages/tokens.ts';
import { sampleDecision, sampleOwnPatterns, samplePatterns, sampleSignIns, sampleTokens } from './records.ts';
import { DAY, SAMPLE_NOW, SERVICES } from './sample.ts';
import type { Samples, Text, Viewers } from './sample.ts';

export function ownSamples({ user, admin }: Viewers, text: Text): Samples {
  const tokens = sampleTokens(text);
  const [firstToken] = tokens;
  const signIns = sampleSignIns(text);
  const [firstSignIn] = signIns;
  const create = tokenForm(text);
  const access = accessOf(text);
  return {
    tokens: () => tokensPage(user, { tokens }),
    'tokens-revoked': () => tokensPage(user, { tokens: tokens.slice(0, 1), isRevoked: true }),
    'tokens-many': () => tokensPage(admin, { tokens: [...tokens, ...tokens, ...tokens], filter: text('web') }),
    'tokens-none': () => tokensPage(user, { tokens: [] }),
    'tokens-none-found': () => tokensPage(user, { tokens: [], filter: text('nothing') }),
    'token-new': () => createTokenPage(user, create),
    'token-new-problems': () =>
      createTokenPage(user, {
        ...create,
        form: { ...create.form, ends: 'date', date: '2020-01-01' },
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
          {
            program: 'crane',
            words: ['crane', 'auth', 'login', 'registry.example.com', '--username', text('alice'), '--password-stdin'],
            note: 'In bash or zsh. It shows nothing while it waits: paste the token, and press Enter.',
          },
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
  };
}

function tokenForm(text: Text) {
  const form = {
    name: text('laptop'),
    owner: 'me',
    ends: '90',
    date: '',
    rights: 'limited' as const,
    limits: [{ service: 'registry.example.com', repositories: text('web/**'), actions: ['pull'] }],
    networks: text('10.2.0.0/16'),
  };
  return {
    form,
    problems: new Map<string, string>(),
    lifetimes: [30, 90, 365],
    maxDays: 365,
    services: SERVICES,
    robots: [text('web-ci')],
    requiresLimits: false,
    own: sampleOwnPatterns(text),
  };
}

function accessOf(text: Text) {
  return {
    services: SERVICES,
    groups: [text('team-web'), text('cn=staff,dc=example')],
    everything: samplePatterns(text),
    isCut: false,
    denied: [
      {
        requestId: '01JZ4R8T6QF3W0P9X2C4',
        at: SAMPLE_NOW - 200,
        missing: [text('web/release/shop: push'), text('ops: pull')],
      },
    ],
  };
}
