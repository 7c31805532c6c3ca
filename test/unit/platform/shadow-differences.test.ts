import { describe, expect, it } from 'vitest';
import type { Action, Grant } from '../../../src/core/access.ts';
import type { AuditEvent } from '../../../src/core/events.ts';
import { ANONYMOUS } from '../../../src/core/identity.ts';
import type { Caller } from '../../../src/core/identity.ts';
import { recordDifferences } from '../../../src/platform/shadow-differences.ts';
import { fixedClock } from '../../support/fakes.ts';
import { callerOf } from '../../support/policy-builder.ts';

const ALL = { person: '', repository: '' };

interface Compared {
  readonly id?: string;
  readonly caller?: Caller;
  readonly name?: string;
  readonly inForce?: readonly Action[];
  readonly shadow?: readonly Action[];
  readonly same?: number;
  readonly revisions?: readonly [string, string];
  readonly times?: number;
}

function compared(one: Compared): AuditEvent {
  const { id = 'r-1', caller = callerOf({ user: 'alice' }), name = 'web/shop', same = 0, times = 1 } = one;
  const { inForce = ['pull', 'push'], shadow = ['pull'], revisions = ['one', 'two'] } = one;
  const grant = (granted: readonly Action[]): Grant => ({
    asked: { type: 'repository', name, actions: ['pull', 'push'] },
    granted,
    because: [],
  });
  return {
    type: 'policy.compared',
    request: { requestId: id, client: '10.1.4.7' },
    caller,
    service: 'registry.example.com',
    policyRevision: revisions[0],
    shadowRevision: revisions[1],
    same,
    differing: Array.from({ length: times }, () => ({ served: grant(inForce), shadow: grant(shadow) })),
  };
}

describe('the differences of the shadow policy', () => {
  it('are counted with the decisions that are the same, since the start', () => {
    const clock = fixedClock(1000);
    const memory = recordDifferences(10, clock);
    clock.advance(60);
    memory.record(compared({ same: 4 }));
    memory.record(compared({ same: 3, times: 0 }));

    expect(memory.counts()).toEqual({
      same: 7,
      differing: 1,
      since: 1000,
      revisions: { inForce: 'one', shadow: 'two' },
    });
  });

  it.each([[['other', 'two'] as const], [['one', 'other'] as const]])(
    'begin again when one of the policies has another revision: %s',
    (revisions) => {
      const clock = fixedClock(1000);
      const memory = recordDifferences(10, clock);
      memory.record(compared({ id: 'before' }));
      clock.advance(60);
      memory.record(compared({ id: 'after', revisions }));

      expect(memory.counts()).toMatchObject({ same: 0, differing: 1, since: 1060 });
      expect(memory.find(ALL, 10).found.map(({ requestId }) => requestId)).toEqual(['after']);
    },
  );

  it('are listed up to a number, the latest first, while all are counted', () => {
    const memory = recordDifferences(2, fixedClock());
    for (const id of ['a', 'b', 'c']) memory.record(compared({ id }));

    expect(memory.find(ALL, 10).found.map(({ requestId }) => requestId)).toEqual(['c', 'b']);
    expect(memory.find(ALL, 1)).toMatchObject({ found: [{ requestId: 'c' }], more: 1 });
    expect(memory.counts().differing).toBe(3);
  });

  it('of a request with many scopes are listed in part and counted in full', () => {
    const memory = recordDifferences(1000, fixedClock());
    memory.record(compared({ times: 500 }));

    expect(memory.find(ALL, 1000).found).toHaveLength(8);
    expect(memory.counts().differing).toBe(500);
  });

  it('are found by person, repository and change', () => {
    const memory = recordDifferences(10, fixedClock());
    memory.record(compared({ id: 'lost' }));
    memory.record(compared({ id: 'gained', caller: ANONYMOUS, name: 'ops/a', inForce: [], shadow: ['pull'] }));
    memory.record(compared({ id: 'both', inForce: ['push'], shadow: ['pull'] }));
    const ids = (filter: object): readonly string[] =>
      memory.find({ ...ALL, ...filter }, 10).found.map(({ requestId }) => requestId);

    expect(ids({ person: 'ALI' })).toEqual(['both', 'lost']);
    expect(ids({ person: 'anonymous' })).toEqual(['gained']);
    expect(ids({ repository: 'ops' })).toEqual(['gained']);
    expect(ids({ change: 'gained' })).toEqual(['both', 'gained']);
    expect(ids({ change: 'lost' })).toEqual(['both', 'lost']);
  });
});
