import { describe, expect, it } from 'vitest';
import { hasForeignOwner, othersMayRead, othersMayWrite, ownGroupMayWrite } from '../../../src/core/file-access.ts';

const BROKER = { uid: 10001, gids: [0, 10001] };
const ROOT = { uid: 0, gids: [0] };
const OWN = { uid: 10001, gid: 10001 };
const MOUNTED = { uid: 0, gid: 10001 };
const OTHER_GROUP = { uid: 0, gid: 999 };

describe('others than the broker', () => {
  it.each([
    ['its own file, 0600', { ...OWN, mode: 0o600 }, BROKER, false, false],
    ['its own file, 0640', { ...OWN, mode: 0o640 }, BROKER, true, false],
    ['its own file, 0660 for a group of its own', { ...OWN, mode: 0o660 }, BROKER, true, false],
    ['its own file, 0660 for another group', { uid: 10001, gid: 999, mode: 0o660 }, BROKER, true, true],
    ['its own file, 0604', { ...OWN, mode: 0o604 }, BROKER, true, false],
    ['its own file, 0602', { ...OWN, mode: 0o602 }, BROKER, false, true],
    ['a mounted secret of root and its group, 0440', { ...MOUNTED, mode: 0o440 }, BROKER, false, false],
    ['a mounted secret of root and its group, 0444', { ...MOUNTED, mode: 0o444 }, BROKER, true, false],
    ['a file of root and another group, 0440', { ...OTHER_GROUP, mode: 0o440 }, BROKER, true, false],
    ['a file of root and another group, 0420', { ...OTHER_GROUP, mode: 0o420 }, BROKER, false, true],
    ['a file of root for a broker that root runs, 0640', { uid: 0, gid: 0, mode: 0o640 }, ROOT, true, false],
    ['a file of root for a broker that root runs, 0600', { uid: 0, gid: 0, mode: 0o600 }, ROOT, false, false],
  ])('have the access that the mode gives to %s', (_what, file, user, read, write) => {
    expect(othersMayRead(file, user)).toBe(read);
    expect(othersMayWrite(file, user)).toBe(write);
  });

  it('are distinguished from the members of a group of the broker', () => {
    expect(ownGroupMayWrite({ ...OWN, mode: 0o660 }, BROKER)).toBe(true);
    expect(ownGroupMayWrite({ ...OWN, mode: 0o640 }, BROKER)).toBe(false);
    expect(ownGroupMayWrite({ ...OTHER_GROUP, mode: 0o660 }, BROKER)).toBe(false);
  });

  it('own what belongs neither to the broker nor to root', () => {
    const of = (uid: number) => ({ uid, gid: 0, mode: 0o600 });

    expect([0, 10001, 1000].map((uid) => hasForeignOwner(of(uid), BROKER))).toEqual([false, false, true]);
    expect([0, 10001].map((uid) => hasForeignOwner(of(uid), ROOT))).toEqual([false, true]);
  });
});
