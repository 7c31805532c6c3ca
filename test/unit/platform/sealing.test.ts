/** Sealed values: opened by the brokers that share the records, for their use and their time only. */
import { describe, expect, it } from 'vitest';
import { createSealing, parseSealingKey } from '../../../src/platform/sealing.ts';
import { memoryStore } from '../../../src/platform/store/memory.ts';
import { fixedClock } from '../../support/fakes.ts';

type SealingKey = NonNullable<ReturnType<typeof parseSealingKey>>;

const DAY = 86_400;

function setUp() {
  const clock = fixedClock();
  const store = memoryStore<SealingKey>({ maxEntries: 100, clock });
  return { clock, store, sealing: createSealing({ store, clock, use: 'sign-in' }) };
}

describe('a sealed value', () => {
  it('is opened by another broker with the same records, and shows nothing', async () => {
    const { clock, store, sealing } = setUp();

    const sealed = await sealing.seal({ nonce: 'of-this-sign-in' }, 600);

    expect(sealed).not.toContain('of-this-sign-in');
    expect(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString()).toBe('{"alg":"dir","enc":"A256GCM"}');
    expect(await createSealing({ store, clock, use: 'sign-in' }).open(sealed)).toEqual({ nonce: 'of-this-sign-in' });
  });

  it('is not opened after its time, for another use, with other records, or when it was changed', async () => {
    const { clock, store, sealing } = setUp();
    const sealed = await sealing.seal({ a: 'b' }, 600);
    const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;

    expect(await setUp().sealing.open(sealed)).toBeUndefined();
    expect(await createSealing({ store, clock, use: 'device' }).open(sealed)).toBeUndefined();
    expect(await sealing.open(changed)).toBeUndefined();
    expect(await sealing.open('x'.repeat(10_000))).toBeUndefined();
    clock.advance(599);
    expect(await sealing.open(sealed)).toEqual({ a: 'b' });
    clock.advance(1);
    expect(await sealing.open(sealed)).toBeUndefined();
  });

  it('is opened also after the key has been renewed', async () => {
    const { clock, store, sealing } = setUp();
    await sealing.seal({ a: 'b' }, 600);
    clock.advance(30 * DAY - 1);
    const sealed = await sealing.seal({ a: 'b' }, 600);
    clock.advance(1);
    await sealing.seal({ a: 'c' }, 600);

    expect(await store.list()).toHaveLength(2);
    expect(await sealing.open(sealed)).toEqual({ a: 'b' });
  });

  it('is opened by both of two brokers that made their first key at the same time', async () => {
    const { clock, store, sealing } = setUp();
    const other = createSealing({ store, clock, use: 'sign-in' });

    const [first, second] = await Promise.all([sealing.seal({ by: 'first' }, 600), other.seal({ by: 'second' }, 600)]);

    expect([await other.open(first), await sealing.open(second)]).toEqual([{ by: 'first' }, { by: 'second' }]);
  });
});

describe('the record of a key', () => {
  it.each([null, {}, { key: 'short', createdAt: 1 }, { key: 'A'.repeat(43), createdAt: 'now' }])(
    'is not read from %j',
    (json) => {
      expect(parseSealingKey(json)).toBeUndefined();
    },
  );
});
