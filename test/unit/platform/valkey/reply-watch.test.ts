import { describe, expect, it } from 'vitest';
import { createReplyWatch } from '../../../../src/platform/valkey/reply-watch.ts';

const LONG = 100_000;
const never = (): Promise<never> => new Promise(() => undefined);

describe('the wait for a reply of the store', () => {
  it('ends with the reply, or with what the command throws', async () => {
    const watch = createReplyWatch({ silenceMs: LONG, replyMs: LONG });

    expect(await watch.within(async () => 'reply')).toBe('reply');
    await expect(watch.within(async () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  it('ends with a silence, for all commands that wait', async () => {
    const watch = createReplyWatch({ silenceMs: 20, replyMs: LONG });

    const waits = await Promise.allSettled([watch.within(never), watch.within(never)]);

    expect(waits).toMatchObject([{ reason: { isSilent: true } }, { reason: { isSilent: true } }]);
  });

  it('ends when the reply alone takes too long, which is no silence', async () => {
    const watch = createReplyWatch({ silenceMs: LONG, replyMs: 20 });

    await expect(watch.within(never)).rejects.toMatchObject({ isSilent: false, message: 'no reply within 20 ms' });
  });

  it('is refused while a thousand commands wait', async () => {
    const watch = createReplyWatch({ silenceMs: LONG, replyMs: LONG });
    for (let n = 0; n < 1000; n += 1) watch.within(never).catch(() => undefined);

    await expect(watch.within(async () => 'reply')).rejects.toThrow('1000 commands wait for a reply');
  });
});
