import { describe, expect, it } from 'vitest';
import { createEpochView } from '../../../../src/platform/valkey/epoch-view.ts';
import type { RunScript, SharedEnd } from '../../../../src/platform/valkey/epoch-view.ts';

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
  let newer = 0;
  const view = createEpochView({
    run,
    onEnd: (ended) => void ends.push(ended),
    onNewer: () => {
      newer += 1;
    },
  });
  return { fields, asked, ends, view, newer: () => newer, sync: () => view.sync({ id: 'me' }) };
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
});
