/** Answers of a store to which somebody else writes as well. */
import { describe, expect, it } from 'vitest';
import type { CachedAnswer } from '../../../../src/core/ledger.ts';
import { createFleetKeys } from '../../../../src/platform/valkey/fleet-keys.ts';
import { valkeyLedger } from '../../../../src/platform/valkey/ledger.ts';
import { identity } from '../../../support/fake-backend.ts';
import { fixedClock } from '../../../support/fakes.ts';

const QUESTION = { backend: 'corp', login: 'login', id: 'flight' };
const ANSWERED_AT = 100;

/** A store that gives the last answer for ever, whatever has ended. */
function setUp() {
  const ends = new Map<string, number>();
  let stored: readonly unknown[] = [];
  const ledger = valkeyLedger({
    epochs: {
      endOfAnswers: (backend) => ends.get(backend) ?? 0,
      call: async (name, query) => {
        if (name === 'recall') return query['ignoresAnswers'] === true ? ['lead', '300', ...stale()] : stored;
        stored = replyFor(query['answer']);
        return ['settled', '300'];
      },
    },
    keys: createFleetKeys([Buffer.alloc(32, 'k')]),
    clock: fixedClock(),
  });
  const stale = (): readonly unknown[] => (stored[0] === 'success' ? stored.slice(2) : []);
  const cache = (answer: CachedAnswer): Promise<void> =>
    ledger.settle({ outcome: 'none', flight: { ...QUESTION, epoch: ANSWERED_AT }, answer });
  const recall = async () => (await ledger.recall(QUESTION)).recalled;
  return { ends, cache, recall };
}

function replyFor(answer: unknown): readonly unknown[] {
  const { kind, sealed, account }: Readonly<Record<string, unknown>> = { ...Object(answer) };
  if (kind === 'refusal') return ['refused', '300', 'fl:refusal:login', String(ANSWERED_AT), '1000', sealed];
  return ['success', '300', 'fl:success:login', String(ANSWERED_AT), '1000', sealed, account, '1000', '0'];
}

const SUCCESS: CachedAnswer = {
  kind: 'success',
  identity: identity('alice'),
  account: 'account',
  name: undefined,
  freshSeconds: 60,
  seconds: 60,
};
const REFUSAL: CachedAnswer = { kind: 'refusal', outcome: { kind: 'unknown-user' }, seconds: 60 };

describe('an answer of the store', () => {
  it.each([
    ['success', 'success', SUCCESS],
    ['refusal', 'refused', REFUSAL],
  ] as const)('is used when it is a %s that has not ended', async (_name, kind, answer) => {
    const { ends, cache, recall } = setUp();
    await cache(answer);
    ends.set('corp', ANSWERED_AT);
    ends.set('partners', ANSWERED_AT + 1);

    expect((await recall()).kind).toBe(kind);
  });

  it.each([
    ['success', SUCCESS],
    ['refusal', REFUSAL],
  ] as const)(
    'is not used when it is a %s that has ended here, although the store lost the end',
    async (_name, answer) => {
      const { ends, cache, recall } = setUp();
      await cache(answer);
      ends.set('corp', ANSWERED_AT + 1);

      expect(await recall()).toMatchObject({ kind: 'lead', stale: undefined });
    },
  );
});
