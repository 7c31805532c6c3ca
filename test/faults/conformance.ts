/** Faults in the conformance suite: what it overlooks, and what it reveals. */
import type { Fault } from './fault.ts';

const SUITE = ['test/unit/conformance/suite.test.ts'];
const REPORTS = ['test/unit/conformance/reports.test.ts'];
const VECTORS = ['test/unit/conformance/token-vectors.test.ts'];
const FAULTS = ['test/integration/conformance-faults.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'conformance-1',
    effect: 'A report contains the password in the form in which it was sent.',
    file: 'src/conformance/secrets.ts',
    find: 'for (const form of logins.flatMap(formsOf))',
    replace: 'for (const form of logins.map(({ password }) => password.reveal()))',
    tests: SUITE,
  },
  {
    id: 'conformance-json',
    effect: 'A report contains a password with a quotation mark, because the server repeats it in JSON.',
    file: 'src/conformance/secrets.ts',
    find: '    JSON.stringify(plain).slice(1, -1),\n',
    replace: '',
    tests: SUITE,
  },
  {
    id: 'conformance-form',
    effect: 'A report contains a password with a space, because the server repeats the form that was sent.',
    file: 'src/conformance/secrets.ts',
    find: '    escapeQuery(plain),\n',
    replace: '',
    tests: SUITE,
  },
  {
    id: 'conformance-2',
    effect: 'An expired certificate in x5c passes, and registries refuse every token.',
    file: 'src/conformance/tokens/chain.ts',
    find: 'if (depth > MAX_CHAIN || !isCurrent(certificate, now)) return false;',
    replace: 'if (depth > MAX_CHAIN) return false;',
    tests: VECTORS,
  },
  {
    id: 'conformance-3',
    effect: 'A list of audiences passes, and distribution 2.8 refuses every token.',
    file: 'src/conformance/tokens/claims.ts',
    find: "!(isList && registry !== 'distribution-2.8')",
    replace: '!isList',
    tests: VECTORS,
  },
  {
    id: 'conformance-4',
    effect: 'The exit code is 0 although a check of the level failed.',
    file: 'src/conformance/result.ts',
    find: 'LEVELS.slice(0, LEVELS.indexOf(level) + 1)',
    replace: 'LEVELS.slice(0, LEVELS.indexOf(level))',
    tests: REPORTS,
  },
  {
    id: 'conformance-5',
    effect: 'The server under test puts markup into the report.',
    file: 'src/conformance/report/escape.ts',
    find: ".replaceAll('<', '&lt;')",
    replace: '',
    tests: REPORTS,
  },
  {
    id: 'conformance-6',
    effect: 'A server that refuses invented names later than users passes.',
    file: 'src/conformance/checks/timing.ts',
    find: 'later >= ONE_SIDED || later <= differences.length - ONE_SIDED',
    replace: 'later >= ONE_SIDED',
    tests: SUITE,
  },
  {
    id: 'conformance-7',
    effect: 'One failure is reported as dozens.',
    file: 'src/conformance/run.ts',
    find: "if (outcome === 'fail') return { check, outcome: 'blocked'",
    replace: "if (outcome === 'skip') return { check, outcome: 'blocked'",
    tests: FAULTS,
  },
  {
    id: 'conformance-9',
    effect: 'The suite expects another kid than distribution 2.8 computes.',
    file: 'src/conformance/tokens/key-ids.ts',
    find: 'digest.subarray(0, 30)',
    replace: 'digest.subarray(2, 32)',
    tests: SUITE,
  },
  {
    id: 'conformance-8',
    effect: 'A name that is misspelt in --only runs nothing and succeeds.',
    file: 'src/conformance/select.ts',
    find: 'if (!checks.some(({ id }) => matches(id, pattern))) {',
    replace: "if (pattern === '') {",
    tests: SUITE,
  },
];
