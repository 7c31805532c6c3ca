import { expect, it } from 'vitest';
import { onlyBackendFor } from '../../../src/flows/chain.ts';
import type { ChainedBackend } from '../../../src/flows/chain.ts';
import { fakeBackend } from '../../support/fake-backend.ts';
import type { FakeBackendOptions } from '../../support/fake-backend.ts';

const backend = (name: string, options: FakeBackendOptions = {}): ChainedBackend =>
  fakeBackend({ kind: 'unknown-user' }, { ...options, name }).chained;

function signInAt(name: string, accountsAt: string | undefined): ChainedBackend {
  const chained = backend(name, { accepts: 'sign-ins' });
  const signIn = (accountsAt === undefined ? {} : { accountsAt }) as never;
  return { ...chained, authenticator: { ...chained.authenticator, signIn } };
}

it.each([
  ['the only one', [backend('corp')], 'corp'],
  ['none', [], undefined],
  ['none that serves the name', [backend('corp', { usernames: ['b*'] })], undefined],
  ['one of two that serves the name', [backend('corp', { usernames: ['b*'] }), backend('branch')], 'branch'],
  ['two', [backend('corp'), backend('branch')], undefined],
  ['one, and jobs', [backend('corp'), backend('ci', { accepts: 'tokens' })], 'corp'],
  ['one, and sign-ins to its accounts', [backend('corp'), signInAt('sso', 'corp')], 'corp'],
  ['one, and sign-ins to other accounts', [backend('corp'), signInAt('sso', undefined)], undefined],
])('of the backends, %s can have a person of a name', (_what, backends, name) => {
  expect(onlyBackendFor(backends, 'alice')).toBe(name);
});
