import { describe, expect, it } from 'vitest';
import { parseHtgroup, parseHtpasswd } from '../../../../src/backends/static-file/htpasswd.ts';

const BCRYPT = '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';

describe('an htpasswd file', () => {
  it('gives each user with a hash', () => {
    const { hashes, problems } = parseHtpasswd(`# people\n\nalice:${BCRYPT}\r\nbob smith:${BCRYPT}:more\n`, 'h');

    expect(problems).toEqual([]);
    expect([...hashes].map(([name, { kind }]) => [name, kind])).toEqual([
      ['alice', 'bcrypt'],
      ['bob smith', 'bcrypt'],
    ]);
  });

  it.each([
    ['$apr1$DFR4sdwE$Vl1oPmiVXvsM4Q7CnIN/s.', 'found an MD5 (apr1) hash'],
    ['{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=', 'found an unsalted SHA-1 hash'],
    ['{SSHA512}qUqP5cyxm6YcTAhz05Hph5gvu9M=', 'found a hash of an LDAP scheme'],
    ['$1$abcdefgh$G//4keteveJp0qb8z2DxG/', 'found an MD5 (crypt) hash'],
    ['$5$abc$def', 'found a SHA-256 (crypt) hash'],
    ['$6$abc$def', 'found a SHA-512 (crypt) hash'],
    ['$y$j9T$abc$def', 'found a yescrypt hash'],
    ['rl.3StKT.4T8M', 'found a DES (crypt) hash or plain text'],
  ])('refuses %s with its line and the command that replaces it', (hash, found) => {
    const { hashes, problems } = parseHtpasswd(`alice:${BCRYPT}\nbob:${hash}\n`, '/etc/h');

    expect(problems).toEqual([`/etc/h:2: bob: ${found}, expected bcrypt: run \`htpasswd -B FILE USER\``]);
    expect([...hashes.keys()]).toEqual(['alice']);
  });

  it('reports all problems at once and repeats no password', () => {
    const text = `hunter2\nbob:hunter2\n:${BCRYPT}\nalice:${BCRYPT}\nalice:${BCRYPT}\n ada:${BCRYPT}\n${'a'.repeat(256)}:${BCRYPT}\nb\u0007b:${BCRYPT}`;

    const { problems } = parseHtpasswd(text, 'h');

    expect(problems).toEqual([
      'h:1: found a line without a colon, expected USER:HASH, as `htpasswd -B` writes it',
      'h:2: bob: found text that is not a hash, expected a bcrypt, argon2id or scrypt hash: run `htpasswd -B FILE USER`',
      'h:3: found an empty name',
      'h:5: alice: found a second time (first on line 4), expected each user once',
      'h:6: found a name with space around it',
      'h:7: found a name of 256 characters, expected 255 at most',
      'h:8: found a name with characters that cannot be printed',
    ]);
    expect(problems.join('\n')).not.toContain('hunter2');
  });
});

describe('an htgroup file', () => {
  it('gives the groups of each user, from all lines of a group', () => {
    const { groups, problems } = parseHtgroup('# teams\nweb: alice  bob\nops:bob\nweb: carol\nempty:\n', 'g');

    expect(problems).toEqual([]);
    expect(Object.fromEntries([...groups].map(([user, own]) => [user, [...own]]))).toEqual({
      alice: ['web'],
      bob: ['web', 'ops'],
      carol: ['web'],
    });
  });

  it('reports all problems at once', () => {
    const { problems } = parseHtgroup('no colon\n: alice\nweb: alice \\\nops: a:b', 'g');

    expect(problems).toEqual([
      'g:1: found a line without a colon, expected GROUP: USER USER',
      'g:2: found an empty name',
      'g:3: found a line that goes on in the next, expected another line that names the group again',
      'g:4: found a name with a colon, which no login can send',
    ]);
  });
});
