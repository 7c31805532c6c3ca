import { describe, expect, it } from 'vitest';
import type { BackendHeartbeat } from '../../../../src/platform/valkey/backend-heartbeats.ts';
import type { Presence, StoredHeartbeat } from '../../../../src/platform/valkey/epoch-view.ts';
import { createFleet } from '../../../../src/platform/valkey/fleet.ts';
import { createFleetKeys } from '../../../../src/platform/valkey/fleet-keys.ts';
import { fixedClock, realClock } from '../../../support/fakes.ts';
import type { FixedClock } from '../../../support/fakes.ts';

const KEYS = createFleetKeys([Buffer.alloc(32, 'k')]);
const CORP: BackendHeartbeat = { name: 'corp', state: 'down', since: 10, askedAt: 20 };

/** A store that keeps heartbeats, without their age. */
function setUp(clock: FixedClock = fixedClock()) {
  const stored = new Map<string, string>();
  const world = { epoch: 1, beats: 0, ageMs: 0, backends: [] as readonly BackendHeartbeat[] };
  let ask = async (): Promise<void> => undefined;
  const sync = async ({ id, beat, leaves, withSilent }: Presence): Promise<readonly StoredHeartbeat[]> => {
    if (withSilent === true) void ask();
    if (beat !== undefined) {
      world.beats += 1;
      stored.set(id, beat);
    }
    if (leaves === true) stored.delete(id);
    const ageOf = (member: string): number => (member === id ? 0 : world.ageMs);
    return [...stored]
      .map(([member, sealed]) => ({ id: member, ageMs: ageOf(member), sealed }))
      .filter(({ ageMs }) => ageMs <= 15_000 || withSilent === true);
  };
  const revisions = { policy: 'r1' };
  const open = (id: string) =>
    createFleet({
      id,
      name: `name of ${id}`,
      revisions: () => ({ ...revisions }),
      backends: () => world.backends,
      epochs: { current: () => world.epoch, sync },
      keys: KEYS,
      clock,
      cacheSeconds: 300,
    });
  /** @param work begins whenever silent brokers are asked for */
  const onQuestion = (work: typeof ask): void => {
    ask = work;
  };
  return { clock, stored, world, revisions, open, onQuestion };
}

describe('the brokers of a fleet', () => {
  it('see each other with what is in force', async () => {
    const { open } = setUp();
    const [first, second] = [open('a'), open('b')];
    await first.sync();
    await second.sync();

    expect(second.members()).toEqual([
      { id: 'a', name: 'name of a', ageMs: 0, epoch: 1, revisions: { policy: 'r1' }, backends: [] },
      { id: 'b', name: 'name of b', ageMs: 0, epoch: 1, revisions: { policy: 'r1' }, backends: [] },
    ]);
  });

  it('see the states of the backends of each, of at most 20', async () => {
    const { world, open } = setUp();
    const [first, second] = [open('a'), open('b')];
    world.backends = Array.from({ length: 25 }, (_, index) => ({ ...CORP, name: `corp-${index}` }));
    await first.sync();
    await second.sync();

    const [member] = second.members();
    expect(member?.backends).toHaveLength(20);
    expect(member?.backends?.[0]).toEqual({ ...CORP, name: 'corp-0' });
  });

  it.each<[string, unknown]>([
    ['of an earlier version, which have no backends', undefined],
    ['with a state of a later version', [{ ...CORP, state: 'slow' }]],
    ['with more backends than there may be', Array.from({ length: 21 }, () => CORP)],
    ['with a text for backends', 'corp'],
  ])('are listed by heartbeats %s', async (_what, backends) => {
    const { clock, stored, open } = setUp();
    const beat = { name: 'old', epoch: 1, at: clock.now(), revisions: {}, more: 1, backends };
    stored.set('a', KEYS.seal('fl:brokers a', beat));
    const fleet = open('b');
    await fleet.sync();

    const [member] = fleet.members();
    expect(member).toEqual({ id: 'a', name: 'old', ageMs: 0, epoch: 1, revisions: {} });
  });

  it('are not taken for one alone before the first exchange, so that its share of a limit is the least', async () => {
    const { open } = setUp();
    const [first, second] = [open('a'), open('b')];
    const before = second.sharing();
    await first.sync();
    const alone = first.sharing();
    await second.sync();

    expect([before, alone, second.sharing()]).toEqual([Infinity, 1, 2]);
  });

  it('say something about themselves every five seconds, and at once when it changes', async () => {
    const { clock, world, revisions, open } = setUp();
    const fleet = open('a');
    const beats = [];
    for (const change of [
      () => undefined,
      () => undefined,
      () => clock.advance(5),
      () => (revisions.policy = 'r2'),
      () => (world.epoch = 2),
    ]) {
      change();
      await fleet.sync();
      beats.push(world.beats);
    }

    expect(beats).toEqual([1, 1, 2, 3, 4]);
  });

  it('say so again to a store that has lost it', async () => {
    const { stored, open } = setUp();
    const fleet = open('a');
    await fleet.sync();
    stored.clear();

    await fleet.sync();

    expect([...stored.keys()]).toEqual(['a']);
  });

  it('do not see a heartbeat that was made for another, by another key, or long ago', async () => {
    const { clock, stored, open } = setUp();
    await open('a').sync();
    const beat = stored.get('a') ?? '';
    stored.set('moved', beat);
    stored.set('foreign', createFleetKeys([Buffer.alloc(32, 'x')]).seal('fl:brokers foreign', {}));
    const fleet = open('b');
    await fleet.sync();
    const seen = fleet.members().map(({ id }) => id);
    clock.advance(100);
    await fleet.sync();

    expect(seen).toEqual(['a', 'b']);
    expect(fleet.members().map(({ id }) => id)).toEqual(['b']);
  });

  it('count the heartbeats of brokers with another fleet key, and not those that are only old', async () => {
    const { clock, stored, open } = setUp();
    await open('a').sync();
    const fleet = open('b');
    await fleet.sync();
    const before = fleet.unreadable();
    stored.set('foreign', createFleetKeys([Buffer.alloc(32, 'x')]).seal('fl:brokers foreign', {}));
    clock.advance(100);
    await fleet.sync();

    expect([before, fleet.unreadable()]).toEqual([0, 1]);
  });

  it('are not listed any more when they have left', async () => {
    const { open } = setUp();
    const [first, second] = [open('a'), open('b')];
    await first.sync();
    await first.leave();
    await second.sync();

    expect(second.members().map(({ id }) => id)).toEqual(['b']);
  });

  it('are reached once each has applied the newest end, and named where they have not', async () => {
    const { world, open } = setUp({ ...realClock, advance: () => undefined });
    const [first, second] = [open('a'), open('b')];
    await second.sync();
    await first.sync();
    const before = await first.reach();
    world.epoch = 2;
    const missed = await first.reach();
    const waiting = first.reach();
    await second.sync();

    expect(before).toEqual({ reached: ['name of b'], missed: [] });
    expect(missed).toEqual({ reached: [], missed: ['name of b'] });
    expect(await waiting).toEqual({ reached: ['name of b'], missed: [] });
  });

  it('are named as not reached while they are silent, because they may still use what they have cached', async () => {
    const { world, open } = setUp({ ...realClock, advance: () => undefined });
    const [first, second] = [open('a'), open('b')];
    await second.sync();
    world.epoch = 2;
    world.ageMs = 200_000;
    const silent = await first.reach();
    const listed = first.members().map(({ id }) => id);
    await second.leave();

    expect(silent).toEqual({ reached: [], missed: ['name of b'] });
    expect(listed).toEqual(['a']);
    expect(await first.reach()).toEqual({ reached: [], missed: [] });
  });

  it('are named as not reached also when a heartbeat runs at the same time, which does not list them', async () => {
    const { world, open, onQuestion } = setUp({ ...realClock, advance: () => undefined });
    const [first, second] = [open('a'), open('b')];
    await second.sync();
    await first.sync();
    world.epoch = 2;
    world.ageMs = 200_000;
    // Each of these answers comes at another step of the question.
    onQuestion(async () => {
      for (let step = 0; step < 10; step += 1) {
        void first.sync();
        await Promise.resolve();
      }
    });

    const { missed } = await first.reach();

    expect(missed).toEqual(['name of b']);
  });
});
