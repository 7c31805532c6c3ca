/** Keys are replaced while images are pulled, and no pull fails. `npm run soak -- rotation` does this for a minute. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BUILD_TIMEOUT,
  buildDistribution3,
  canBuildDistribution3,
  startDistribution3,
} from '../support/distribution3.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { openRotationWorld, rotateLeaves, signers } from '../support/rotations.ts';
import { waitFor } from '../support/wait.ts';

const PER_SECOND = 10;
const LEAVES = 3;

beforeAll(async () => {
  if (canBuildDistribution3()) await buildDistribution3();
}, BUILD_TIMEOUT);

describe.each([
  ['distribution-2', startRegistry, findPart(DOCKER_REGISTRY) === undefined],
  ['distribution-3', startDistribution3, !canBuildDistribution3()],
] as const)('while images are pulled from %s', (kind, start, isMissing) => {
  it.skipIf(isMissing)('the keys of an authority are replaced without a failed pull or a restart', async () => {
    await using world = await openRotationWorld(start, kind, { authority: {} });
    const { pid } = world.registry();
    const pulls = await world.startPulls(PER_SECOND);

    await rotateLeaves(world, LEAVES, 300);
    await pulls.more(2 * LEAVES);
    await pulls.stop();

    expect(pulls.failures()).toEqual([]);
    expect(pulls.succeeded()).toBeGreaterThan(2 * LEAVES);
    expect(signers(world).size).toBe(LEAVES);
    expect(world.registry().pid).toBe(pid);
  });

  it.skipIf(isMissing)(
    'a key is announced, trusted and activated, and pulls fail only while the registry restarts',
    async () => {
      await using world = await openRotationWorld(start, kind, {});
      const pulls = await world.startPulls(PER_SECOND);

      await world.keys('announce');
      await pulls.more(5);
      const away = await world.restartRegistry(pulls);
      await world.keys('activate', '--after', '0s');
      await world.broker.waitForLine(({ signing }) => String(signing).startsWith('default@2'));
      await pulls.more(20);
      await pulls.stop();

      const { from, to } = away;
      const others = pulls.failures().filter(({ at }) => at < from - 200 || at > to);
      expect(others).toEqual([]);
      expect(pulls.succeeded()).toBeGreaterThan(20);
    },
  );
});

it.skipIf(findPart(DOCKER_REGISTRY) === undefined)(
  'pulls fail after a key is activated that the registry does not trust',
  async () => {
    await using world = await openRotationWorld(startRegistry, 'distribution-2', {});
    const pulls = await world.startPulls(PER_SECOND);

    await world.keys('announce');
    await world.keys('activate', '--force');
    await world.broker.waitForLine(({ signing }) => String(signing).startsWith('default@2'));

    const refusal = await waitFor('a pull to fail', () =>
      pulls.failures().find(({ text }) => text.startsWith('new token: ')),
    );
    await pulls.stop();
    expect(refusal.text).toMatch(/^new token: 401 /);
  },
);
