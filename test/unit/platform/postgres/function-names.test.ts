/** Which functions the statements call, whatever other users of the database have created. */
import { describe, expect, it } from 'vitest';
import type { Query } from '../../../../src/platform/postgres/connections.ts';
import { migrate } from '../../../../src/platform/postgres/schema.ts';
import * as statements from '../../../../src/platform/postgres/statements.ts';
import { inTransaction } from '../../../../src/platform/postgres/transaction.ts';

/** What a parenthesis follows without being a function that a user could create. */
const SYNTAX = new Set(
  'any array as by check conflict distinct exists extract fairlead from in join key least on or select set unnest using values where'.split(
    ' ',
  ),
);

/** Functions without their schema. `unnest` with several arrays is syntax (postgresql.org/docs/15/functions-array.html). */
function unqualified(sql: string): readonly string[] {
  const names = [...sql.matchAll(/(?<![\w.])(\w+)\s*\(/g)].map(([, name = '']) => name.toLowerCase());
  return names.filter((name) => !SYNTAX.has(name) && !TABLES.has(name));
}
const TABLES = new Set(['records', 'schema_version']);

async function sentBy(work: (query: Query) => Promise<unknown>): Promise<readonly string[]> {
  const sent: string[] = [];
  await work(async (text) => {
    sent.push(text);
    return { rows: [], count: 0, command: text, warnings: [] };
  });
  return sent;
}

describe('the statements for PostgreSQL', () => {
  it('name the schema of each function, so that a function of another user is never called instead', async () => {
    const options = { synchronousCommit: 'on', statementMs: 500 } as const;
    const sent = [
      ...Object.values(statements),
      ...(await sentBy(migrate)),
      ...(await sentBy((query) => inTransaction(query, options, async () => undefined))),
    ];

    expect(sent.filter((sql) => sql.includes('pg_catalog.')).length).toBeGreaterThan(5);
    expect(sent.flatMap(unqualified)).toEqual([]);
  });

  it('would show a function without its schema', () => {
    expect(unqualified("UPDATE fairlead.records SET place = nextval('fairlead.places')")).toEqual(['nextval']);
  });
});
