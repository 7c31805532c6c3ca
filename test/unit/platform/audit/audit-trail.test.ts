/** What is committed to the audit trail with `onLoss: refuse`. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AuditEvent } from '../../../../src/core/events.ts';
import { createAuditTrail } from '../../../../src/platform/audit/audit-trail.ts';
import { LineWriter } from '../../../../src/platform/line-writer.ts';

const request = { requestId: 'id-1', client: '192.0.2.1' };
const EVENT: AuditEvent = { type: 'refresh-token', request, outcome: 'issued', service: 'r' };

/** A trail that has room for one line, and not for two. */
async function setUp(onLoss: 'refuse' | 'count') {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-trail-'));
  const path = join(folder, 'audit.log');
  const writer = new LineWriter(
    { path },
    { lossLine: () => 'lost', recoveryLine: () => 'works again', maxQueuedBytes: 250 },
  );
  return {
    trail: createAuditTrail({ writer, level: 'info', onLoss }),
    /** Without the line that reports a loss. */
    lines: async (): Promise<number> =>
      (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line.startsWith('{')).length,
    [Symbol.asyncDispose]: async () => {
      await writer.close(1000);
      await rm(folder, { recursive: true });
    },
  };
}

it('the lines of one request are written together, or the request fails and none is written', async () => {
  await using test = await setUp('refuse');

  await expect(test.trail.commit([EVENT, EVENT])).rejects.toMatchObject({ code: 'audit_unavailable' });
  const afterTwo = await test.lines();
  await test.trail.commit([EVENT]);

  // The control: one line fits.
  expect([afterTwo, await test.lines()]).toEqual([0, 1]);
});

it('with onLoss: count, a line that does not fit fails no request', async () => {
  await using test = await setUp('count');

  await expect(test.trail.commit([EVENT, EVENT])).resolves.toBeUndefined();
});
