/** After the end of a credential, no broker gives out again what it has signed for it. */
import { expect, it } from 'vitest';
import { createEndReuse } from '../../../src/app/end-reuse.ts';
import { recordingLog } from '../../support/fakes.ts';

function setUp(endTokens: () => Promise<void>) {
  const calls: string[] = [];
  const log = recordingLog();
  const fleet = { endTokens: async () => void calls.push('fleet', String(await endTokens())) };
  return { calls, log, endReuse: createEndReuse({ reuse: { clear: () => void calls.push('own') }, fleet, log }) };
}

it('the end of a credential reaches the tokens of this broker and of the others', async () => {
  const { calls, log, endReuse } = setUp(async () => undefined);

  await endReuse();

  expect(calls).toEqual(['own', 'fleet', 'undefined']);
  expect(log.lines).toEqual([]);
});

it('the end of a credential is no failure while the shared store is down, and the log says so', async () => {
  const { calls, log, endReuse } = setUp(async () => Promise.reject(new Error('no reply')));

  await endReuse();

  expect(calls).toEqual(['own']);
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { cause: 'no reply' } }]);
});
