import { describe, expect, it } from 'vitest';
import { BrokerError, describeError } from '../../../src/core/errors.ts';

describe('an error in one line', () => {
  it.each<[string, unknown, string]>([
    ['has no class name', new BrokerError('backend_unavailable', 'corp is down'), 'corp is down'],
    [
      'has its causes after colons',
      new BrokerError('internal', 'cannot start', { cause: new Error('no key', { cause: 'ENOENT' }) }),
      'cannot start: no key: ENOENT',
    ],
    [
      'leaves out a cause that it contains',
      new BrokerError('internal', 'cannot connect (refused): start it', { cause: new Error('refused') }),
      'cannot connect (refused): start it',
    ],
    ['names the class of a defect', new TypeError('x is undefined'), 'TypeError: x is undefined'],
    [
      'leaves out what the fetch of Node says about every failure',
      new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') }),
      'connect ECONNREFUSED 127.0.0.1:1',
    ],
    [
      'has the first of the errors of several addresses',
      new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')]),
      'connect ECONNREFUSED ::1:1',
    ],
    ['has no line breaks', new Error('one\n  two'), 'one two'],
    ['has the name of an error without a message', Object.assign(new Error(), { name: 'AbortError' }), 'AbortError'],
    ['accepts a thrown text', 'a text', 'a text'],
    ['accepts anything else', 5, 'unknown error'],
    ['accepts nothing', undefined, 'unknown error'],
  ])('%s', (_what, error, expected) => {
    expect(describeError(error)).toBe(expected);
  });

  it('ends after five causes, also in a circle', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });

    expect(describeError(error)).toBe('a: b');
  });
});
