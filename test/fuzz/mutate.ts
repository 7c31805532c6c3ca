/** Changes to requests and files that clients and editors do not make, and attackers do. */
import type { Random } from '../support/random.ts';

type Mutation = (bytes: Buffer, random: Random) => Buffer;

/** What parsers often handle wrongly. */
const PIECES = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\0',
  '%00',
  '%2e%2e%2f',
  '%',
  '&',
  '=',
  ':',
  ' ',
  '\t',
  ',',
  ';',
  '"',
  '\\',
  '*',
  '**',
  '[]',
  '{}',
  '__proto__',
  '-1',
  '1e999',
  '9'.repeat(400),
  'A'.repeat(9000),
  '\u00ff',
  '\u{1f512}',
  '\ud800',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  'Host: a\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: h2c\r\nConnection: Upgrade\r\n',
  'X-Forwarded-For: 1.2.3.4\r\n',
  '0\r\n\r\n',
  'ffffffffffffffff\r\n',
] as const;

const flipBit: Mutation = (bytes, random) => {
  const changed = Buffer.from(bytes);
  const at = random.int(changed.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << random.int(8));
  return changed;
};

const replaceByte: Mutation = (bytes, random) => {
  const changed = Buffer.from(bytes);
  changed[random.int(changed.length)] = random.int(256);
  return changed;
};

const truncate: Mutation = (bytes, random) => bytes.subarray(0, random.int(bytes.length));

const insert: Mutation = (bytes, random) => {
  const at = random.int(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(random.pick(PIECES)), bytes.subarray(at)]);
};

const remove: Mutation = (bytes, random) => {
  const at = random.int(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.int(20))]);
};

const repeat: Mutation = (bytes, random) => {
  const from = random.int(bytes.length);
  const part = bytes.subarray(from, from + 1 + random.int(60));
  return Buffer.concat([bytes.subarray(0, from), part, part, bytes.subarray(from)]);
};

const MUTATIONS = [flipBit, flipBit, replaceByte, truncate, insert, insert, remove, repeat] as const;
const MAX_BYTES = 200_000;

/** None to four mutations: one in eight stays as it is, so that deep paths are reached, too. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  if (random.oneIn(8)) return bytes;
  let changed = bytes;
  for (let left = 1 + random.int(4); left > 0 && changed.length > 0; left -= 1)
    changed = random.pick(MUTATIONS)(changed, random);
  return changed.subarray(0, MAX_BYTES);
}
