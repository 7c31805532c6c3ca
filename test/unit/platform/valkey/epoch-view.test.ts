import { describe, expect, it } from 'vitest';
import { createEpochView } from '../../../../src/platform/valkey/epoch-view.ts';
import type { RunScript, SharedEnd } from '../../../../src/platform/valkey/epoch-view.ts';
import { fixedClock } from '../../../support/fakes.ts';

/** A store that has these epochs, and answers nothing else. */
function setUp() {
  const fields = new Map<string, number>([['current', 100]]);
  const asked: { readonly name: string; readonly query: Readonly<Record<string, unknown>> }[] = [];
  const ends: SharedEnd[] = [];
  const run: RunScript = async (name, query) => {
    asked.push({ name, query });
    const current = fields.get('current') ?? 0;
    if (name === 'sync') {
      if (current < Number(query['seen'])) fields.set('current', Number(query['seen']) + 1);
      return ['synced', String(fields.get('current') ?? 0), [...fields].flat().map(String), []];
    }
    if (current < Number(query['seen'])) return ['behind', String(current)];
    return ['ok', String(current)];
  };
  const world = { run };
  let newer = 0;
  const view = createEpochView({
    run: (name, query) => world.run(name, query),
    clock: fixedClock(),
    onEnd: (ended) => void ends.push(ended),
    onNewer: () => {
      newer += 1;
    },
  });
  return { world, fields, asked, ends, view, newer: () => newer, sync: () => view.sync({ id: 'me' }) };
}

describe('the epochs that a broker has seen', () => {
  it('go with each script, and each reply shows a newer one', async () => {
    const { view, fields, asked, newer } = setUp();
    await view.call('recall', {});
    fields.set('current', 200);
    await view.call('recall', {});
    await view.call('recall', {});

    expect(asked.map(({ query }) => query['seen'])).toEqual([0, 100, 200]);
    expect([view.current(), newer()]).toEqual([200, 2]);
  });

  it('are not reported as ends before the first exchange', async () => {
    const { fields, ends, sync } = setUp();
    fields.set('answers', 90);
    await sync();

    expect(ends).toEqual([]);
  });

  it.each([
    [{ answers: 200 }, [{ kind: 'answers', backend: undefined }]],
    [{ 'answers corp': 200 }, [{ kind: 'answers', backend: 'corp' }]],
    [
      { 'answers corp': 200, 'counts corp': 200 },
      [
        { kind: 'answers', backend: 'corp' },
        { kind: 'answers-and-counts', backend: 'corp' },
      ],
    ],
    [{ tokens: 200 }, [{ kind: 'tokens' }]],
    // Of one account: which one is not stored.
    [{}, [{ kind: 'answers' }]],
  ])('are reported once as what they ended: %j', async (changed, expected) => {
    const { fields, ends, sync } = setUp();
    await sync();
    for (const [field, epoch] of Object.entries({ current: 200, ...changed })) fields.set(field, epoch);

    await sync();
    await sync();

    expect(ends).toEqual(expected);
  });

  it('are given again to a store that has lost them, before anything is asked', async () => {
    const { view, fields, asked, sync } = setUp();
    fields.set('answers', 100);
    await sync();
    fields.set('current', 50);
    asked.length = 0;

    const reply = await view.call('recall', {});

    expect(asked.map(({ name }) => name)).toEqual(['recall', 'sync', 'recall']);
    expect(asked[1]?.query).toMatchObject({
      seen: 100,
      epochs: [
        ['current', 100],
        ['answers', 100],
      ],
    });
    expect(reply[0]).toBe('ok');
  });

  it('of its own ends are not reported to the broker itself', async () => {
    const { view, fields, ends, sync } = setUp();
    await sync();
    fields.set('current', 300);
    await view.end({ kind: 'answers-and-counts', backend: 'corp' });
    fields.set('answers corp', 300);
    fields.set('counts corp', 300);

    await sync();

    expect(ends).toEqual([]);
  });

  it.each([
    ['no list', []],
    ['not a number', ['ok', 'nan']],
    ['negative', ['ok', '-1']],
    ['a fraction', ['ok', '1.5']],
    ['too large to grow', ['ok', '9007199254740992']],
    ['of the day after tomorrow', ['ok', '1700172800000000']],
  ])('are not taken from a reply that is %s', async (_name, reply) => {
    const { world, view, fields, sync } = setUp();
    await sync();
    const { run } = world;
    world.run = async () => reply;
    await expect(view.call('recall', {})).rejects.toThrow('epoch');
    await expect(view.end({ kind: 'answers' })).rejects.toThrow('epoch');
    await expect(sync()).rejects.toThrow('epoch');
    const after = view.current();
    world.run = run;
    fields.set('current', 200);
    await view.call('recall', {});

    expect([after, view.current()]).toEqual([100, 200]);
  });

  it('are not taken from a store that has one of them in the future', async () => {
    const { view, fields, sync } = setUp();
    fields.set('answers corp', 2 ** 53);

    await expect(sync()).rejects.toThrow('delete fl:epochs');
    expect(view.endOfAnswers('corp')).toBe(0);
  });

  it('are taken from a store whose clock is some hours ahead', async () => {
    const { view, fields } = setUp();
    fields.set('current', (1_700_000_000 + 6 * 3600) * 1e6);
    await view.call('recall', {});

    expect(view.current()).toBe(1_700_021_600_000_000);
  });
});
