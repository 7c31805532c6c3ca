/** Faults in what an operator of several brokers reads about them, and in the verdict on their tokens. */
import type { Fault } from './fault.ts';

export const faults: readonly Fault[] = [
  {
    id: 'fleet-operation-1',
    effect: 'a store that was started again without its user is still reported as one that cannot be connected to',
    file: 'src/platform/valkey/breaker.ts',
    find: '        onCause(message);\n',
    replace: '',
    tests: ['test/unit/platform/valkey/breaker.test.ts'],
  },
  {
    id: 'fleet-operation-2',
    effect: 'a broker with another fleet key counts wrong passwords alone, and nothing reports it',
    file: 'src/platform/valkey/fleet.ts',
    find: '    unreadable = countUnreadable(stored, keys);\n',
    replace: '',
    tests: ['test/unit/platform/valkey/fleet.test.ts'],
  },
  {
    id: 'fleet-operation-silent',
    effect: 'a flush says that it has reached all brokers when a heartbeat runs at the same time as its question',
    file: 'src/platform/valkey/fleet.ts',
    find: '        const others = [...listed.members, ...listed.silent].filter((member) => member.id !== id);',
    replace: '        const others = members.filter((member) => member.id !== id);',
    tests: ['test/unit/platform/valkey/fleet.test.ts'],
  },
  {
    id: 'fleet-operation-3',
    effect: 'while the store is down, fairlead fleet shows the brokers of before as alive and exits with 0',
    file: 'src/app/api/broker-handlers.ts',
    find: 'if (down !== undefined) {',
    replace: "if (down === '') {",
    tests: ['test/unit/app/api/broker-handlers.test.ts'],
  },
  {
    id: 'fleet-operation-4',
    effect: 'fairlead check --connect finds nothing wrong with a store that is full',
    file: 'src/platform/valkey/inspect.ts',
    find: "if (policy === 'noeviction' && used >= 1)",
    replace: "if (policy === 'noeviction' && used > 1)",
    tests: ['test/unit/platform/valkey/inspect.test.ts'],
  },
  {
    id: 'fleet-operation-5',
    effect: 'The suite says that no registry accepts the tokens of a server whose key an authority certifies.',
    file: 'src/conformance/tokens/trusted-signature.ts',
    find: ' || isSignedByCertified(token, trust)',
    replace: '',
    tests: ['test/unit/conformance/token-vectors.test.ts'],
  },
];
