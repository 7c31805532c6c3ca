/** Faults in what makes a token request take little time and memory. */
import type { Fault } from './fault.ts';

const WAITING = ['test/unit/http/waiting-connections.test.ts'];
const FORM = ['test/unit/http/form.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'hot-path-1',
    effect: 'Express changes the prototype of each request.',
    file: 'src/http/express-messages.ts',
    find: '  app.request = ExpressRequest.prototype as Request;\n',
    replace: '',
    tests: ['test/unit/http/express-messages.test.ts'],
  },
  {
    id: 'hot-path-2',
    effect: 'A connection that has had another request is still closed first.',
    file: 'src/http/waiting-connections.ts',
    find: '  if (before === undefined) list.first = after;\n  else before.after = after;\n',
    replace: '  if (before !== undefined) before.after = after;\n',
    tests: WAITING,
  },
  {
    id: 'hot-path-3',
    effect: 'A connection stays counted in the network that it had before its proxy reported another one.',
    file: 'src/http/waiting-connections.ts',
    find: '    if (known?.network.name === networkName) return known;\n',
    replace: '    if (known !== undefined) return known;\n',
    tests: WAITING,
  },
  {
    id: 'hot-path-4',
    effect: 'Connections that are busy count as connections that wait.',
    file: 'src/http/waiting-connections.ts',
    find: '  place.after = undefined;\n  place.network.size -= 1;\n',
    replace: '  place.after = undefined;\n',
    tests: WAITING,
  },
  {
    id: 'hot-path-5',
    effect: 'A form that is sent in chunks is taken for an absent one.',
    file: 'src/http/form.ts',
    find: 'if (length === undefined && encoding === undefined) return undefined;',
    replace: 'if (length === undefined) return undefined;',
    tests: FORM,
  },
  {
    id: 'hot-path-6',
    effect: 'A request with two services is served with the first.',
    file: 'src/http/form.ts',
    find: 'others.some((other) => other !== first)',
    replace: 'others.length > 1',
    tests: FORM,
  },
  {
    id: 'hot-path-7',
    effect: 'A draining broker closes connections without a notice in the answers in flight.',
    file: 'src/http/request-turns.ts',
    find: 'flatMap((pipeline) => pipeline.inFlight())',
    replace: 'flatMap(() => [])',
    tests: ['test/unit/http/server.test.ts'],
  },
];
