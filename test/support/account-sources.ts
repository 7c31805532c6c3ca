/** Sign-ins and look-ups at the sources of accounts of `oidc-sign-in`, without a provider. */
import type { AccountSource, CheckedSignIn, CompletedSignIn } from '../../src/backends/oidc-sign-in/accounts/source.ts';
import type { Session } from '../../src/backends/oidc/client/provider.ts';
import { deadlineIn } from '../../src/core/deadline.ts';
import { groupName } from '../../src/core/groups.ts';
import type { AuthnOutcome } from '../../src/core/ports.ts';
import type { SignedInIdentity } from '../../src/core/sign-in.ts';
import { identity } from './fake-backend.ts';
import { realClock } from './fakes.ts';

/** Sources hand it on, and none of these tests has a provider. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing reads a member of it
export const NO_SESSION = {} as Session;

export function person(name: string, groups: readonly string[] = []): SignedInIdentity {
  const names = groups.map((group) => groupName(group, { lowercase: false }));
  return { ...identity(name, 'sso'), groups: new Set(names), subject: `sub-of-${name}` };
}

export function signedIn(who: SignedInIdentity, more: Partial<CompletedSignIn> = {}): CompletedSignIn {
  return { session: NO_SESSION, claims: [], identity: who, refreshToken: undefined, ...more };
}

/** A sign-in that is accepted where the source accepts it. */
export async function recordSignIn({ check }: AccountSource, signIn: CompletedSignIn): Promise<CheckedSignIn> {
  const checked = await check(signIn);
  if (checked.kind === 'valid') await checked.record();
  return checked;
}

/** What a source says of an account, asked with the whole time of a login. */
export function lookUp(
  { revalidate }: AccountSource,
  { username: login, subject }: SignedInIdentity,
): Promise<AuthnOutcome> {
  return revalidate({ login, subject }, deadlineIn(realClock, 8000));
}
