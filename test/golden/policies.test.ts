/**
 * The semantics of policies, as files that a person can read: each holds a policy, requests, what is granted and why.
 * After a change that is meant, `GOLDEN=write npx vitest run --project unit test/golden` writes what is decided now:
 * read the difference before it is committed.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadPolicy } from '../../src/config/load-policy.ts';
import { decide } from '../../src/core/policy/decide.ts';
import { explain } from '../../src/core/policy/explain.ts';
import { nearMisses } from '../../src/core/policy/near-misses.ts';
import { DEFAULT_TIME } from '../../src/core/policy/situation.ts';
import { parseScope } from '../../src/core/scope.ts';
import { callerOf } from '../support/policy-builder.ts';

const FOLDER = join(import.meta.dirname, 'policies');
const isWriting = process.env['GOLDEN'] === 'write';

interface Request {
  /** Absent: anonymous. */
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  /** Whether names come from a directory, which compares them without case. */
  readonly directory?: boolean;
  readonly service?: string;
  readonly client?: string;
  readonly asks: string;
  readonly granted?: readonly string[];
  readonly explained?: readonly string[];
}

interface Golden {
  readonly about: string;
  readonly policy: unknown;
  readonly requests: readonly Request[];
}

async function decided({ policy: written, requests }: Golden): Promise<readonly Request[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-golden-'));
  try {
    await writeFile(join(folder, 'policy.yaml'), stringify(written));
    const { policy } = await loadPolicy(join(folder, 'policy.yaml'));
    return requests.map(({ granted: _granted, explained: _explained, ...request }) => {
      const asked = parseScope(request.asks);
      if (asked === undefined) throw new Error(`not a scope: ${request.asks}`);
      const { user, groups = [], attributes = {}, directory = false, service = '', client = '' } = request;
      const caller = callerOf(user === undefined ? {} : { user, groups, attributes, caseless: directory });
      const situation = { caller, service, client, time: DEFAULT_TIME };
      const grant = decide(policy, situation, asked);
      const [, ...why] = explain(grant, nearMisses(policy, situation, grant));
      // Where a rule stands in the file that was made here is nobody's business.
      return {
        ...request,
        granted: grant.granted,
        explained: why.map((line) => line.trim().replaceAll(/ \([^()]*\.yaml:\d+\)/g, '')),
      };
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('policies decide as written in test/golden/policies', async () => {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml')).toSorted((a, b) => a.localeCompare(b));

  it('of which there are some', () => {
    expect(files.length).toBeGreaterThan(10);
  });

  for (const file of files) {
    it(file, async () => {
      const golden = parse(await readFile(join(FOLDER, file), 'utf8')) as Golden;

      const requests = await decided(golden);

      if (isWriting) await writeFile(join(FOLDER, file), stringify({ ...golden, requests }, { lineWidth: 118 }));
      else expect(golden.requests).toEqual(requests);
    });
  }
});
