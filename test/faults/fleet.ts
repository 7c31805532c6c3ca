/** Faults in what brokers share, and in what they do while the store is down. */
import type { Fault } from './fault.ts';

const CONTRACT = 'test/integration/valkey-ledger.test.ts';
const STORE = 'test/integration/fleet-store.test.ts';
const UNIT = 'test/unit/platform/valkey';

export const faults: readonly Fault[] = [
  {
    id: 'fleet-1',
    effect: 'a successful login at one broker clears guesses that are under way at another',
    file: 'src/platform/valkey/scripts/settle.ts',
    find: 'part.cleared = math.max(part.cleared, place.sequences[at] or 0)',
    replace: "part.cleared = part.wrong; redis.call('DEL', 'fl:open:' .. part.name); tally.open = 0",
    tests: [CONTRACT],
  },
  {
    id: 'fleet-2',
    effect: 'an attempt of a broker that was killed counts for ever, and the owner is kept out',
    file: 'src/platform/valkey/scripts/budgets.ts',
    find: "local lost = redis.call('ZRANGEBYSCORE', open, '-inf', text(now - UNSETTLED), 'WITHSCORES')",
    replace: 'local lost = {}',
    tests: [CONTRACT],
  },
  {
    id: 'fleet-3',
    effect: 'attempts under way at other brokers are not counted, and the directory gets more than the limit',
    file: 'src/platform/valkey/scripts/budgets.ts',
    find: '  return wrongOf(tally) + tally.open',
    replace: '  return wrongOf(tally)',
    tests: [CONTRACT],
  },
  {
    id: 'fleet-4',
    effect: 'a broker that was replaced as leader ends the login of the next one',
    file: 'src/platform/valkey/scripts/settle.ts',
    find: 'if flight and flight[3] == q.flight.id then',
    replace: 'if flight then',
    tests: [CONTRACT],
  },
  {
    id: 'fleet-5',
    effect: 'whoever writes to the store gives the login of one user to another',
    file: 'src/platform/valkey/fleet-keys.ts',
    find: "createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })\n    .setAAD(Buffer.from(entry))",
    replace:
      "createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })\n    .setAAD(Buffer.from(''))",
    tests: [`${UNIT}/fleet-keys.test.ts`],
  },
  {
    id: 'fleet-6',
    effect: 'whoever writes to the store extends a login for as long as they like',
    file: 'src/platform/valkey/ledger.ts',
    find: 'Number(end) + CLOCK_LEEWAY >= clock.now()',
    replace: 'Number(end) > 0',
    tests: [STORE],
  },
  {
    id: 'fleet-7',
    effect: 'a store that was restored from an older dump brings back logins that were flushed',
    file: 'src/platform/valkey/epoch-view.ts',
    find: "    if (reply[0] === 'behind') {\n      await sync(NOBODY);",
    replace: "    if (reply[0] === 'behind') {\n      seen = 0;",
    tests: [`${UNIT}/epoch-view.test.ts`],
  },
  {
    id: 'fleet-8',
    effect: 'each login waits for a store that is frozen, until three of them have failed',
    file: 'src/platform/valkey/breaker.ts',
    find: 'down.isSilent || failures >= FAILURES',
    replace: 'failures >= FAILURES',
    tests: [`${UNIT}/breaker.test.ts`],
  },
  {
    id: 'fleet-9',
    effect: 'an unusable answer of the store is answered with an internal error',
    file: 'src/platform/valkey/breaker.ts',
    find: '        throw fail(error);',
    replace: '        fail(error);\n        throw error;',
    tests: [`${UNIT}/breaker.test.ts`],
  },
  {
    id: 'fleet-10',
    effect: 'while the store is down, an account whose limit is used up gets a new share at each broker',
    file: 'src/platform/valkey/shares.ts',
    find: 'Math.max(0, Math.min(own, limit - used))',
    replace: 'Math.min(own, limit)',
    tests: [`${UNIT}/shares.test.ts`],
  },
  {
    id: 'fleet-11',
    effect: 'wrong passwords of an outage are not counted after it',
    file: 'src/platform/valkey/shares.ts',
    find: '          for (const [, { budget, backend, wrong }] of part) owe(budget, backend, wrong);\n',
    replace: '',
    tests: [`${UNIT}/shares.test.ts`],
  },
  {
    id: 'fleet-12',
    effect: 'keys of names can be computed from a digest of the password with the fleet key',
    file: 'src/platform/valkey/fleet-keys.ts',
    find: "names: keyedFingerprint(keyFor('names'))",
    replace: 'names: keyedFingerprint(bytes)',
    tests: [`${UNIT}/fleet-keys.test.ts`],
  },
  {
    id: 'fleet-13',
    effect: 'a login of another broker is another login each time, and no signed token is used again',
    file: 'src/platform/valkey/ledger.ts',
    find: '    opened.set(entry, success, secondsOf(left));\n',
    replace: '',
    tests: [STORE],
  },
  {
    id: 'fleet-14',
    effect: 'after an outage of the store, logins wait for logins that are over, until their deadline',
    file: 'src/platform/valkey/shared-ledger.ts',
    find: '    if (settled === undefined) owed.add(own);\n',
    replace: '',
    tests: ['test/integration/fleet-outages.test.ts'],
  },
];
