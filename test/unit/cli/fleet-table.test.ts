import { describe, expect, it } from 'vitest';
import { differences } from '../../../src/cli/fleet-table.ts';

const member = (name: string, revisions: Readonly<Record<string, string>>) => ({
  name,
  revisions,
});

describe('the brokers of a fleet', () => {
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
