import { expect, it } from 'vitest';
import { policyInForce } from '../../../src/app/policy-in-force.ts';
import { policyOf } from '../../support/policy-builder.ts';

const usable = (revision: string) => ({ policy: { ...policyOf([]), revision }, warnings: [], failedTests: 0 });
const OLD = usable('old');
const NEW = usable('new');

it('a bad policy file leaves the last good policy in force, and the state says that it is stale', async () => {
  const loads = [async () => OLD, () => Promise.reject(new Error('bad file')), async () => NEW];
  const policy = await policyInForce(() => loads.shift()?.() ?? Promise.reject(new Error('no more files')));
  expect(policy.state()).toEqual({ revision: 'old', stale: false });

  await expect(policy.reload()).rejects.toThrow('bad file');
  expect(policy.current()).toBe(OLD.policy);
  expect(policy.state()).toEqual({ revision: 'old', stale: true });

  await policy.reload();
  expect(policy.current()).toBe(NEW.policy);
  expect(policy.state()).toEqual({ revision: 'new', stale: false });
});

it('a bad policy file keeps the broker from starting', async () => {
  await expect(policyInForce(() => Promise.reject(new Error('bad file')))).rejects.toThrow('bad file');
});
