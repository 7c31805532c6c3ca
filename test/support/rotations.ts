/** Rotations of keys while images are pulled from a real registry. */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MAIN } from './broker.ts';
import type { Broker } from './broker.ts';
import { freePort } from './free-port.ts';
import { runOk } from './process.ts';
import { pushSmallImage, startPulls } from './pulls.ts';
import type { Pulls } from './pulls.ts';
import type { Registry, RegistryOptions } from './registry.ts';
import { SERVICE, startStaticBroker, STATIC_CONFIG } from './static-broker.ts';
import { waitFor } from './wait.ts';

export interface RotationWorld extends AsyncDisposable {
  readonly broker: Broker;
  registry(): Registry;
  /** Stops the registry and starts it with the same images. @returns when it was away, as the pulls count time */
  restartRegistry(pulls: Pulls): Promise<{ readonly from: number; readonly to: number }>;
  /** Runs `fairlead keys …`. */
  keys(...args: readonly string[]): Promise<string>;
  startPulls(perSecond: number): Promise<Pulls>;
}

type Start = (options: RegistryOptions) => Promise<Registry>;

/** A broker with such a key, and a registry that trusts what is in trustDir, with an image. */
export async function openRotationWorld(start: Start, kind: string, key: object): Promise<RotationWorld> {
  await using resources = new AsyncDisposableStack();
  const images = resources.use(await mkdtempDisposable(join(tmpdir(), 'fairlead-rotation-'))).path;
  const services = { [SERVICE]: { anonymous: 'allow' } };
  const config = { ...STATIC_CONFIG, services, trustDir: 'trust', keys: [{ name: 'default', ...key }] };
  const broker = resources.use(await startStaticBroker({ config }));
  const fairlead = (...args: readonly string[]): Promise<string> =>
    runOk(process.execPath, [MAIN, ...args, '--config', join(broker.folder, 'broker.yaml')]);
  const options = { trust: await fairlead('registry-config', '--for', kind), images, port: await freePort() };
  let registry = await start(options);
  resources.defer(() => registry[Symbol.asyncDispose]());
  const place = { broker: broker.url, registry: registry.url };
  await pushSmallImage(place);

  const opened = resources.move();
  return {
    broker,
    registry: () => registry,
    restartRegistry: async (pulls) => {
      const from = pulls.now();
      await registry[Symbol.asyncDispose]();
      registry = await start(options);
      return { from, to: pulls.now() };
    },
    keys: (...args) => fairlead('keys', ...args),
    startPulls: (perSecond) => startPulls(place, perSecond),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Waits until so many keys have signed since the start. One change may cause two reloads: its files are watched separately. */
export async function waitForSigners(world: RotationWorld, count: number): Promise<void> {
  await waitFor(`signing key ${count}`, () => signers(world).size >= count);
}

/** The ids of the keys that signed, from the log. */
export function signers({ broker }: RotationWorld): ReadonlySet<string> {
  return new Set(
    broker
      .log()
      .filter(({ message }) => message === 'signing keys reloaded')
      .map(({ signing }) => String(signing)),
  );
}

/** Replaces the key that the authority certifies so many times, one each `everyMs`. */
export async function rotateLeaves(world: RotationWorld, times: number, everyMs: number): Promise<void> {
  const begun = performance.now();
  for (let count = 1; count <= times; count += 1) {
    await world.keys('renew');
    await waitForSigners(world, count);
    await delay(Math.max(0, begun + count * everyMs - performance.now()));
  }
}
