import { describe, expect, it } from 'vitest';
import { readUser } from '../../../../src/backends/http/user-response.ts';

const RULES = { backend: 'accounts', lowercase: false };

function read(body: unknown, rules = RULES) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return readUser(Uint8Array.from(bytes).buffer, rules);
}

describe('the body of a response of the user service', () => {
  it('makes an identity with groups, attributes in lower case and a subject', () => {
    const body = {
      username: 'Alice',
      groups: ['Team-Web', 'CN=Auditors, DC=Corp'],
      attributes: { Department: 'Web', site: ['berlin', 'rome'] },
      subject: 'user-1',
    };

    expect(read(body)).toEqual({
      username: 'Alice',
      groups: new Set(['Team-Web', 'cn=auditors,dc=corp']),
      backend: 'accounts',
      caseless: false,
      attributes: new Map([
        ['attr:department', ['Web']],
        ['attr:site', ['berlin', 'rome']],
      ]),
      subject: 'user-1',
    });
  });

  it('gives names in lower case where the service compares them without case', () => {
    expect(read({ username: 'Alice', groups: ['Team-Web'] }, { ...RULES, lowercase: true })).toMatchObject({
      username: 'alice',
      groups: new Set(['team-web']),
      caseless: true,
    });
  });

  it('accepts values at their bounds', () => {
    const body = {
      username: 'a'.repeat(256),
      groups: [...Array.from({ length: 999 }, (_, n) => `g${n}`), 'g'.repeat(1024)],
      attributes: Object.fromEntries(
        Array.from({ length: 64 }, (_, n) => [`a${n}`, Array.from({ length: 64 }, () => 'x'.repeat(256))]),
      ),
      subject: 's'.repeat(256),
    };

    expect(read(body)).toMatchObject({ username: body.username, subject: body.subject });
  });

  it.each<readonly [string, unknown, RegExp]>([
    ['nothing', '', /JSON object/],
    ['a page in HTML', '<html>', /JSON object/],
    ['a body that ends early', '{"username":"alice","groups":[', /JSON object/],
    ['a body that is not UTF-8', Buffer.from('{"username":"ali\xff","groups":[]}', 'latin1'), /JSON object/],
    ['a list', [], /JSON object/],
    ['null', 'null', /JSON object/],
    ['no user name', { groups: [] }, /^username: expected it/],
    ['no groups', { username: 'alice' }, /^groups: expected it/],
    ['an unknown key', { username: 'alice', groups: [], authenticated: false }, /^expected only username/],
    ['an empty user name', { username: '', groups: [] }, /^username: expected at most 256/],
    ['space around the user name', { username: ' alice', groups: [] }, /^username/],
    ['a control character in the user name', { username: 'ali\nce', groups: [] }, /^username/],
    ['a long user name', { username: 'a'.repeat(257), groups: [] }, /^username/],
    ['a number as user name', { username: 7, groups: [] }, /^username: expected another type/],
    ['groups that are a text', { username: 'alice', groups: 'team-web' }, /^groups/],
    ['a group that is no text', { username: 'alice', groups: [7] }, /^groups/],
    ['an empty group', { username: 'alice', groups: [''] }, /^groups/],
    ['a long group', { username: 'alice', groups: ['g'.repeat(1025)] }, /^groups/],
    ['too many groups', { username: 'alice', groups: Array.from({ length: 1001 }, (_, n) => `g${n}`) }, /^groups/],
    ['an attribute that is an object', { username: 'alice', groups: [], attributes: { a: {} } }, /^attributes/],
    ['an attribute with a bad name', { username: 'alice', groups: [], attributes: { 'a b': 'c' } }, /^attributes/],
    ['an attribute twice', { username: 'alice', groups: [], attributes: { a: 'b', A: 'c' } }, /each name once/],
    ['a long value', { username: 'alice', groups: [], attributes: { a: 'x'.repeat(257) } }, /^attributes/],
    [
      'too many values',
      { username: 'alice', groups: [], attributes: { a: Array.from({ length: 65 }, () => 'x') } },
      /^attributes/,
    ],
    [
      'too many attributes',
      {
        username: 'alice',
        groups: [],
        attributes: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`a${n}`, 'x'])),
      },
      /at most 64 attributes/,
    ],
    ['an empty subject', { username: 'alice', groups: [], subject: '' }, /^subject/],
    ['a long subject', { username: 'alice', groups: [], subject: 's'.repeat(257) }, /^subject/],
  ])('with %s is refused with a sentence', (_what, body, sentence) => {
    expect(read(body)).toMatch(sentence);
  });

  it('is quoted in no sentence, whatever is a key or a value in it', () => {
    const secret = 'echoed-password';
    const bodies = [
      { username: 'alice', groups: [], [secret]: secret },
      { username: ` ${secret}`, groups: [] },
      { username: 'alice', groups: [], attributes: { [`${secret} `]: 'x' } },
      { username: 'alice', groups: [], attributes: { a: secret.repeat(100) } },
      { username: 'alice', groups: secret },
    ];

    const sentences = bodies.map((body) => read(body));

    expect(sentences.every((sentence) => typeof sentence === 'string')).toBe(true);
    expect(JSON.stringify(sentences)).not.toContain(secret);
  });

  it('gives no attribute named __proto__', () => {
    const user = read('{"username":"alice","groups":[],"attributes":{"__proto__":"x"}}');

    expect(user).toMatchObject({ attributes: new Map() });
  });
});
