/** Faults in personal tokens and their limits. */
import type { Fault } from './fault.ts';

const USE = 'test/unit/flows/personal-token/use.test.ts';
const ISSUE = 'test/unit/flows/personal-token/issue.test.ts';
const LIMITS = 'test/unit/core/token-limits.test.ts';
const RECORD = 'test/unit/core/personal-token.test.ts';
const GRANTED = 'test/unit/flows/personal-token/granted.properties.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'token-1',
    effect: 'the limits of a token are ignored: it may do all that its owner may do',
    file: 'src/core/policy/decide-for.ts',
    find: 'service, limits);',
    replace: 'service, limits && undefined);',
    tests: [GRANTED],
  },
  {
    id: 'token-2',
    effect: 'a token with an empty list of limits may do all that its owner may do',
    file: 'src/core/token-limits.ts',
    find: 'if (limits === undefined || grant.granted.length === 0) return grant;',
    replace: 'if (limits === undefined || limits.length === 0 || grant.granted.length === 0) return grant;',
    tests: [LIMITS],
  },
  {
    id: 'token-3',
    effect: 'docker login with a personal token gets a refresh token, which has no limits and lives longer',
    file: 'src/flows/refresh-token/issue.ts',
    find: "if (via !== undefined && via.kind !== 'session')",
    replace: "if (via !== undefined && via.kind === 'refresh-token')",
    tests: ['test/unit/flows/issue-refresh-token.test.ts'],
  },
  {
    id: 'token-4',
    effect: 'a personal token can make personal tokens, without its limits and its end',
    file: 'src/flows/personal-token/issue.ts',
    find: "return kind === 'session' || kind === undefined ? undefined",
    replace: "return kind !== 'refresh-token' ? undefined",
    tests: [ISSUE],
  },
  {
    id: 'token-5',
    effect: 'a registry token that was signed for one personal token is given out for another one of the same user',
    file: 'src/flows/token-reuse.ts',
    find: ', ...viaKey(caller.via)],',
    replace: '],',
    tests: ['test/unit/flows/token-reuse.test.ts'],
  },
  {
    id: 'token-6',
    effect: 'an outage of the records is answered with 401, and people make new tokens',
    file: 'src/flows/personal-token/use.ts',
    find: 'const record = await deps.store.get(digest);',
    replace: 'const record = await deps.store.get(digest).catch(() => undefined);',
    tests: [USE],
  },
  {
    id: 'token-7',
    effect: 'a token is accepted from every address, whatever its networks',
    file: 'src/core/personal-token.ts',
    find: "return typeof range !== 'string' && range.contains(client);",
    replace: "return typeof range !== 'string';",
    tests: [RECORD],
  },
  {
    id: 'token-8',
    effect: 'a damaged token is looked up, and its text is reported as unknown',
    file: 'src/core/personal-token.ts',
    find: 'return SHAPE.test(text) && checksumOf(',
    replace: 'return SHAPE.test(text) || checksumOf(',
    tests: [RECORD],
  },
  {
    id: 'token-9',
    effect: 'a record with limits that cannot be read counts as a token',
    file: 'src/core/personal-token.ts',
    find: "(limits) => typeof parseStoredLimits(limits) !== 'string')",
    replace: "(limits) => typeof parseStoredLimits(limits) !== 'number')",
    tests: [RECORD],
  },
  {
    id: 'token-10',
    effect: 'a personal token after a space gets the sentence of a token in the wrong field',
    file: 'src/flows/identify.ts',
    find: 'credential.password.matches(hasPersonalTokenPrefix)',
    replace: "credential.password.matches((text) => text.startsWith('flp_'))",
    tests: ['test/unit/flows/identify-personal-tokens.test.ts'],
  },
  {
    id: 'token-11',
    effect: 'a client that sends a bad token again and again is never told to wait',
    file: 'src/flows/personal-token/bad-tokens.ts',
    find: 'limit: MAX_BAD * share,',
    replace: 'limit: Infinity,',
    tests: [USE],
  },
  {
    id: 'token-12',
    effect: 'a token works on after the second in which it expires',
    file: 'src/flows/personal-token/use.ts',
    find: 'if (record.expiresAt <= deps.clock.now())',
    replace: 'if (record.expiresAt < deps.clock.now())',
    tests: [USE],
  },
  {
    id: 'token-13',
    effect: 'the end of an account stops at the first kind of credential that fails, and the others live on',
    file: 'src/flows/end-account.ts',
    find: 'await Promise.allSettled(kinds',
    replace: 'await Promise.all(kinds',
    tests: ['test/unit/flows/end-account.test.ts'],
  },
  {
    id: 'token-14',
    effect: 'a leaked token that two pieces of a text share is not found',
    file: 'src/flows/leaked-tokens.ts',
    find: 'const searched = before + piece;',
    replace: 'const searched = piece;',
    tests: ['test/unit/flows/leaked-tokens.test.ts'],
  },
  {
    id: 'token-15',
    effect: 'the end of an account by its name also ends a namesake at another backend',
    file: 'src/core/account.ts',
    find: 'if (choice.backend !== undefined && choice.backend !== account.backend) return false;',
    replace: '',
    tests: ['test/unit/flows/end-account.test.ts'],
  },
  {
    id: 'token-16',
    effect: 'a registry token lives on after the personal token that it came from',
    file: 'src/core/token.ts',
    find: 'caller.via?.expiresAt ?? Infinity',
    replace: 'Infinity',
    tests: ['test/unit/flows/grant-token-lifetime.test.ts'],
  },
];
