import { describe, expect, it } from 'vitest';
import { differences, parseFleet } from '../../../src/cli/fleet-table.ts';

const member = (name: string, revisions: Readonly<Record<string, string>>) => ({
  id: name,
  name,
  ageMs: 0,
  epoch: 1,
  revisions,
});

describe('the brokers of a fleet', () => {
  it('are sorted by name', () => {
    const fleet = parseFleet({ brokers: [member('b', {}), member('a', {})], unreadable: 0 });

    expect(fleet?.members.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it.each([
    undefined,
    'x',
    [],
    { brokers: [{}], unreadable: 0 },
    { brokers: [{ name: 'a', ageMs: 1 }], unreadable: 0 },
    { brokers: [] },
  ])('are not %j', (value) => {
    expect(parseFleet(value)).toBeUndefined();
  });

  it('differ where a revision is not the same at all', () => {
    const members = [
      member('a', { policy: '1', keys: 'x', config: 'p' }),
      member('b', { policy: '2', keys: 'y', config: 'q' }),
      member('c', { policy: '1', keys: 'z', config: 'r' }),
    ];

    expect(differences({ members, unreadable: 0 })).toEqual([
      { kind: 'policy', text: 'DIFFERS  policy: 1 at a, c; 2 at b' },
    ]);
  });

  it('differ where one of them has no revision', () => {
    const members = [member('a', { 'users local': '1' }), member('b', {})];

    expect(differences({ members, unreadable: 0 })).toEqual([
      { kind: 'users local', text: 'DIFFERS  users local: 1 at a; none at b' },
    ]);
  });

  it('differ where another broker uses the store with another fleet key', () => {
    const members = [member('a', { policy: '1' })];

    expect(differences({ members, unreadable: 0 })).toEqual([]);
    expect(differences({ members, unreadable: 1 })).toEqual([
      {
        kind: 'fleet key',
        text: 'DIFFERS  fleet key: 1 broker uses the store with another key, and shares nothing with these',
      },
    ]);
  });
});
