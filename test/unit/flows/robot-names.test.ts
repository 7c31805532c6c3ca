/** No user logs in under the name of a robot, whatever a backend says. */
import { describe, expect, it } from 'vitest';
import { username } from '../../../src/core/identity.ts';
import { lookUpUser } from '../../../src/flows/look-up-user.ts';
import { revalidate } from '../../../src/flows/revalidate.ts';
import { walkLogin } from '../../../src/flows/walk-chain.ts';
import { Secret } from '../../../src/core/identity.ts';
import type { Authenticator } from '../../../src/core/ports.ts';
import { authenticated, fakeBackend, identity } from '../../support/fake-backend.ts';
import { fixedClock, noWaiting } from '../../support/fakes.ts';
import { ROBOT_SPELLINGS } from '../../support/robot-spellings.ts';

const clock = fixedClock();

async function login(name: string, accepts: 'passwords' | 'tokens') {
  const { chained } = fakeBackend(authenticated(name), { accepts });
  const password = new Secret(accepts === 'tokens' ? 'eyJhbGciOiJub25lIn0.e30.x' : 'secret');
  const { authenticator } = chained;
  const { outcome } = await walkLogin(
    { backends: [chained], clock },
    { username: 'typed', password },
    {
      ask: async (_backend, deadline) => ({
        outcome: await authenticator.authenticate({ username: 'typed', password }, deadline),
      }),
    },
  );
  return outcome;
}

describe.each(['passwords', 'tokens'] as const)('a login at a backend for %s', (accepts) => {
  it.each(ROBOT_SPELLINGS)('is refused when its user has the name %j', async (name) => {
    expect(await login(name, accepts)).toEqual({
      kind: 'rejected',
      reason: 'ambiguous',
      detail: `${name} begins with robot:, as the names of robots do`,
    });
  });

  it.each(['robot', 'robotics:web', 'alice'])('is accepted when its user has the name %s', async (name) => {
    expect(await login(name, accepts)).toMatchObject({ kind: 'authenticated' });
  });
});

describe('an account that is looked up again', () => {
  const checked = async (name: string) => {
    const authenticator: Authenticator = {
      name: 'fake',
      type: 'fake',
      authenticate: async () => ({ kind: 'unknown-user' }),
      revalidate: async () => ({
        kind: 'authenticated',
        identity: { ...identity(name), subject: 'id 1', username: username(name) },
      }),
      probe: async () => ({ state: 'up' }),
      [Symbol.asyncDispose]: async () => undefined,
    };
    const deps = { backends: [{ authenticator, usernames: undefined }], clock, timer: noWaiting };
    return revalidate(deps, { backend: 'fake', login: 'alice', subject: 'id 1' });
  };

  it.each(ROBOT_SPELLINGS)('is refused when it has the name %j now', async (name) => {
    expect((await checked(name)).refusal).toContain('begins with robot:');
  });

  it('is accepted when it has another name', async () => {
    expect((await checked('alice')).identity?.username).toBe('alice');
  });
});

it('a user with the name of a robot is not found without a password either', async () => {
  const found = async (name: string) => {
    const { chained } = fakeBackend(authenticated(name), { lookup: async () => identity(name) });
    return (await lookUpUser({ backends: [chained], clock }, name)).kind;
  };

  expect(await found('Robot:web-ci')).toBe('not-found');
  expect(await found('alice')).toBe('found');
});
