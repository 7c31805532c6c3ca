/** Every page of the console with invented content. */
import { decisionsPage } from '../../../src/pages/admin/decisions.ts';
import { whoCanPage } from '../../../src/pages/admin/who-can.ts';
import type { Page, Person } from '../../../src/pages/page.ts';
import { tokensPage } from '../../../src/pages/tokens.ts';
import { adminSamples } from './admin.ts';
import { ownSamples } from './own.ts';
import { policySamples } from './policy.ts';
import { sampleDecisions, sampleTokens } from './records.ts';
import { DAY, SAMPLE_NOW, viewersAt, visitorAt } from './sample.ts';
import type { Samples, Text } from './sample.ts';
import { signInSamples } from './sign-in.ts';

interface SampleOptions {
  readonly base?: string;
  /** Replaces each text that comes from outside. */
  readonly text?: Text;
}

/** @returns the pages; each call of one makes its HTML anew */
export function samplePages({ base = '', text = (plain) => plain }: SampleOptions = {}): Samples {
  const viewers = viewersAt(base, text);
  return {
    ...signInSamples(viewers, text),
    ...ownSamples(viewers, text),
    ...adminSamples(viewers, text),
    ...policySamples(viewers, text),
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
        since: { user: SAMPLE_NOW - DAY, nameless: SAMPLE_NOW - DAY, refused: SAMPLE_NOW - DAY },
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
