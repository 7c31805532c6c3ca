/** Policies that are modernised in tests, and the decisions before and after. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conditionKinds } from '../../../../src/config/conditions/index.ts';
import { loadPolicy } from '../../../../src/config/load.ts';
import { modernisePolicy } from '../../../../src/migrate/modernise/index.ts';
import type { Modernised } from '../../../../src/migrate/modernise/index.ts';
import type { Policy } from '../../../../src/core/policy/policy.ts';

export interface Tried {
  readonly found: Modernised;
  readonly before: Policy;
  /** The proposal, read back. */
  readonly after: Policy | undefined;
  /** What came of each rule: its name, the outcome and the reason. */
  readonly notes: readonly string[];
}

/** @param rules as in a policy file, without the key */
export async function modernised(
  rules: readonly object[] | string,
  more: object = {},
  kinds = conditionKinds,
): Promise<Tried> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-modernise-'));
  const [path, next] = [join(folder.path, 'policy.yaml'), join(folder.path, 'next.yaml')];
  const named = typeof rules === 'string' ? rules : JSON.stringify({ evaluation: 'first-match', ...more, rules });
  await writeFile(path, named);
  const { policy: before } = await loadPolicy(path, kinds === undefined ? {} : { kinds });
  const found = await modernisePolicy(path, kinds);
  const notes =
    found.kind === 'union-already'
      ? []
      : found.notes.map(({ rule, outcome, message }) => `${rule}: ${outcome}: ${message}`);
  if (found.kind !== 'proposed') return { found, before, after: undefined, notes };
  await writeFile(next, found.text);
  return { found, before, after: (await loadPolicy(next)).policy, notes };
}
