/**
 * `npm run soak -- rotation`: images are pulled for a minute, 10 a second, while the key that an authority certifies is
 * replaced five times, and then while a key is announced, activated and retired. Against every registry that this
 * machine can run.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { buildDistribution3, canBuildDistribution3, startDistribution3 } from '../support/distribution3.ts';
import { findPart } from '../support/parts.ts';
import type { Pulls } from '../support/pulls.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { openRotationWorld, rotateLeaves, signers } from '../support/rotations.ts';

type Verdict = (isFine: boolean, text: string) => void;
type Start = Parameters<typeof openRotationWorld>[0];

const PER_SECOND = 10;
const MINUTE_MS = 60_000;
const ROTATIONS = 5;
const STEP_MS = 10_000;
/** Five of them are done within a minute, and the last one signs for some seconds. */
const LEAF_MS = 11_000;

export async function soakRotation(verdict: Verdict): Promise<void> {
  if (findPart(DOCKER_REGISTRY) === undefined) verdict(false, 'docker-registry is missing');
  else await soakRegistry('distribution-2', startRegistry, verdict);
  if (!canBuildDistribution3()) return verdict(false, 'Go is missing, which builds distribution 3');
  await buildDistribution3();
  await soakRegistry('distribution-3', startDistribution3, verdict);
}

async function soakRegistry(kind: string, start: Start, verdict: Verdict): Promise<void> {
  await soakLeaves(kind, start, verdict);
  await soakKey(kind, start, verdict);
}

async function soakLeaves(kind: string, start: Start, verdict: Verdict): Promise<void> {
  await using world = await openRotationWorld(start, kind, { authority: {} });
  const { pid } = world.registry();
  const pulls = await world.startPulls(PER_SECOND);
  await rotateLeaves(world, ROTATIONS, LEAF_MS);
  await delay(Math.max(0, MINUTE_MS - pulls.now()));
  const seconds = Math.round(pulls.now() / 1000);
  await pulls.stop();
  const { size } = signers(world);
  verdict(size === ROTATIONS, `${kind}: ${size} leaves signed after the first in ${seconds} s, expected ${ROTATIONS}`);
  report(kind, 'leaf rotations', pulls, 0, verdict);
  verdict(world.registry().pid === pid, `${kind}: the registry is the same process (${pid})`);
}

async function soakKey(kind: string, start: Start, verdict: Verdict): Promise<void> {
  await using world = await openRotationWorld(start, kind, {});
  const pulls = await world.startPulls(PER_SECOND);
  await world.keys('announce');
  await delay(STEP_MS);
  const { from, to } = await world.restartRegistry(pulls);
  await delay(STEP_MS);
  await world.keys('activate', '--after', '5s');
  await delay(STEP_MS);
  await world.keys('retire', '--force');
  await delay(STEP_MS);
  await pulls.stop();
  const during = pulls.failures().filter(({ at }) => at >= from - 200 && at <= to).length;
  verdict(true, `${kind}: the registry was away for ${to - from} ms, in which ${during} reads failed`);
  report(kind, 'rotation of an announced key, outside the restart', pulls, during, verdict);
}

function report(kind: string, what: string, pulls: Pulls, expected: number, verdict: Verdict): void {
  const failures = pulls.failures();
  verdict(
    failures.length === expected,
    `${kind}: ${what}: ${pulls.succeeded()} manifests read, ${failures.length - expected} failures`,
  );
  if (failures.length > expected)
    for (const { at, text } of failures.slice(0, 10)) process.stdout.write(`     at ${at} ms ${text}\n`);
}
