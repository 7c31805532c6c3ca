import { describe, expect, it } from 'vitest';
import { differences, parseMembers } from '../../../src/cli/fleet-table.ts';

const member = (name: string, revisions: Readonly<Record<string, string>>) => ({
  id: name,
  name,
  ageMs: 0,
  epoch: 1,
  revisions,
});

describe('the brokers of a fleet', () => {
  it('are sorted by name', () => {
    expect(parseMembers([member('b', {}), member('a', {})])?.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it.each([undefined, 'x', [{}], [{ name: 'a', ageMs: 1 }]])('are not %j', (value) => {
    expect(parseMembers(value)).toBeUndefined();
  });

  it('differ where a revision is not the same at all', () => {
    const members = [
      member('a', { policy: '1', keys: 'x', config: 'p' }),
      member('b', { policy: '2', keys: 'y', config: 'q' }),
      member('c', { policy: '1', keys: 'z', config: 'r' }),
    ];

    expect(differences(members)).toEqual([{ kind: 'policy', text: 'DIFFERS  policy: 1 at a, c; 2 at b' }]);
  });

  it('differ where one of them has no revision', () => {
    const members = [member('a', { 'users local': '1' }), member('b', {})];

    expect(differences(members)).toEqual([{ kind: 'users local', text: 'DIFFERS  users local: 1 at a; none at b' }]);
  });
});
