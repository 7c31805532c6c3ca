import { describe, expect, it } from 'vitest';
import type { Answer, Query } from '../../../../src/platform/postgres/connections.ts';
import { inTransaction } from '../../../../src/platform/postgres/transaction.ts';

const OPTIONS = { synchronousCommit: 'remote_apply', statementMs: 500 } as const;

/** A server that answers as the test decides. */
function server(answers: (text: string) => Partial<Answer> = () => ({})) {
  const sent: string[] = [];
  const query: Query = async (text, values = []) => {
    sent.push([text, ...values].join(' '));
    return { rows: [], count: 0, command: text, warnings: [], ...answers(text) };
  };
  return { query, sent };
}

const failure = (code: string): Error => Object.assign(new Error(`failed with ${code}`), { code });

describe('a transaction', () => {
  it('asks for the durability of the configuration before its statements, whatever the role has', async () => {
    const { query, sent } = server();

    await inTransaction(query, OPTIONS, () => query('DELETE'));

    expect(sent).toEqual([
      'BEGIN',
      "SELECT pg_catalog.set_config('synchronous_commit', $1, true), pg_catalog.set_config('statement_timeout', $2, true) remote_apply 500",
      'DELETE',
      'COMMIT',
    ]);
  });

  it.each([
    ['01000', 'the wait for a standby was cancelled'],
    ['57P01', 'the connection was ended during the wait'],
  ])('is not done when its commit comes with the warning %s: %s', async (code) => {
    const { query } = server((text) => (text === 'COMMIT' ? { warnings: [code] } : {}));

    await expect(inTransaction(query, OPTIONS, async () => 'done')).rejects.toThrow(
      'no standby has confirmed the change',
    );
  });

  it('is done in spite of warnings of its statements', async () => {
    const { query } = server((text) => (text === 'DELETE' ? { warnings: ['01000'] } : {}));

    expect(await inTransaction(query, OPTIONS, () => query('DELETE').then(() => 'done'))).toBe('done');
  });

  it('is not done when the server answers a commit with a rollback', async () => {
    const { query } = server((text) => (text === 'COMMIT' ? { command: 'ROLLBACK' } : {}));

    await expect(inTransaction(query, OPTIONS, async () => 'done')).rejects.toThrow('rolled the transaction back');
  });

  it.each(['40001', '40P01'])('is tried again after %s', async (code) => {
    const { query, sent } = server();
    let tries = 0;

    const result = await inTransaction(query, OPTIONS, async () => {
      tries += 1;
      if (tries < 3) throw failure(code);
      return tries;
    });

    expect(result).toBe(3);
    expect(sent.filter((text) => text === 'ROLLBACK')).toHaveLength(2);
    expect(sent.filter((text) => text === 'COMMIT')).toHaveLength(1);
  });

  it('is given up after four attempts', async () => {
    const { query } = server();
    let tries = 0;

    const work = inTransaction(query, OPTIONS, async () => {
      tries += 1;
      throw failure('40001');
    });

    await expect(work).rejects.toThrow('failed with 40001');
    expect(tries).toBe(4);
  });

  it.each(['53100', '25006', '42501'])('is not tried again after %s', async (code) => {
    const { query, sent } = server();

    await expect(
      inTransaction(query, OPTIONS, async () => {
        throw failure(code);
      }),
    ).rejects.toThrow(code);
    expect(sent.filter((text) => text === 'BEGIN')).toHaveLength(1);
  });
});
