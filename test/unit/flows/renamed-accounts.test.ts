/** The user names that the configuration leaves to a provider, when a person there has a new one. */
import { expect, it } from 'vitest';
import { username } from '../../../src/core/identity.ts';
import { revalidate } from '../../../src/flows/revalidate.ts';
import { fakeBackend, identity, UNKNOWN } from '../../support/fake-backend.ts';
import { fixedClock, noWaiting } from '../../support/fakes.ts';

/** What is left of an account whose credentials were issued to `bob@example.com`, and whose name is another one now. */
async function renamedTo(name: string, accepts: 'passwords' | 'sign-ins') {
  const { chained } = fakeBackend(UNKNOWN, { name: 'sso', usernames: ['*@example.com'] });
  const now = { ...identity('x', 'sso'), username: username(name), subject: 'id 1' };
  const authenticator = {
    ...chained.authenticator,
    accepts,
    revalidate: async () => ({ kind: 'authenticated', identity: now }) as const,
  };
  const deps = { backends: [{ ...chained, authenticator }], clock: fixedClock(), timer: noWaiting };
  return revalidate(deps, { backend: 'sso', login: 'bob@example.com', subject: 'id 1' });
}

it('a person of a provider who has taken a foreign name does not act under it by earlier credentials', async () => {
  expect(await renamedTo('admin', 'sign-ins')).toEqual({ refusal: 'usernames of sso do not include admin' });
});

it.each([
  ['a new name that belongs to the provider', 'robert@example.com', 'sign-ins'],
  ['a canonical name in a directory, where people type another one', 'bob', 'passwords'],
] as const)('an account goes on under %s', async (_what, name, accepts) => {
  expect((await renamedTo(name, accepts)).identity?.username).toBe(name);
});
