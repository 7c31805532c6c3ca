/**
 * Random requests to a registry, near the border between what has a route and what has none: names that look like routes,
 * encoded and doubled separators, unknown parameters, names of the greatest length.
 */
import type { RegistryRequest } from '../../src/core/registry-route.ts';
import type { Random } from '../support/random.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'get', 'BREW'] as const;

const SEGMENTS = [
  'x'.repeat(60),
  ...'a web shop v2 0 a.b a_b a__b a-b a---b library latest manifests tags list blobs uploads referrers'.split(' '),
];
const HOSTILE_SEGMENTS = [
  '',
  'a b',
  'a\u0000',
  ...String.raw`. .. ... %2e %2E%2e .%2e a%2fb a%2Fb ..%2f %5c a\b a;b a; %00 %61 a% a%2 %25 %252e a%0d%0ab %c0%ae`.split(
    ' ',
  ),
  ...`A Web a.-b a..b -a a- _a a___b a:5000 localhost:5000 ä %C3%A4 _catalog _oci a+b a,b a@b * ~ '`.split(' '),
];

const HEX = '0123456789abcdef'.repeat(8);
const DIGESTS = [
  `sha256:${HEX.slice(0, 64)}`,
  `sha256%3A${HEX.slice(0, 64)}`,
  `sha256%3a${HEX.slice(0, 64)}`,
  `sha384:${HEX.slice(0, 96)}`,
  `sha512:${HEX}`,
] as const;
const HOSTILE_DIGESTS = [
  `sha256:${HEX.slice(0, 63)}`,
  `sha256:${HEX.slice(0, 65)}`,
  `SHA256:${HEX.slice(0, 64)}`,
  `sha256:${HEX.slice(0, 64).toUpperCase()}`,
  `sha256%253A${HEX.slice(0, 64)}`,
  `md5:${HEX.slice(0, 32)}`,
  'sha256:..',
] as const;
const TAGS = ['latest', '1.0', '_x', 'A-b', 'list', 'uploads', 't'.repeat(128)] as const;
const HOSTILE_TAGS = ['.', '..', '-x', 't'.repeat(129), 'a%2e', '', 'la:test', 'a;b'] as const;
const UPLOADS = ['0d7a2c3e-1b1f-4c56-9f5c-5b0a0e6f9a11', 'abc=', 'a_b-c', 'list'] as const;
const HOSTILE_UPLOADS = ['..', '.', 'a.b', 'a%2fb', 'a b', '%2e%2e'] as const;

const BAD_PREFIXES = [
  '/v2',
  '//v2/',
  '/v2//',
  '/V2/',
  '/v2/./',
  '/v2/../v2/',
  '/%76%32/',
  '/v1/',
  '',
  'http://127.0.0.1/v2/',
] as const;
const INSERTIONS = [
  '/',
  '//',
  '/./',
  '/../',
  '%2f',
  '%2F',
  '%2e',
  '%2e%2e/',
  '%00',
  '%5C',
  ';',
  '?',
  '#',
  '&',
  '=',
  ':',
  '.',
  ' ',
  '\t',
  '%',
] as const;

export function randomRequest(random: Random): RegistryRequest {
  const { method, target } = plainRequest(random);
  const isForm = random.oneIn(40);
  return {
    method: random.oneIn(8) ? random.pick(METHODS) : method,
    target: mutated(random, target),
    contentTypes: isForm ? ['application/x-www-form-urlencoded'] : [],
  };
}

function mutated(random: Random, target: string): string {
  if (!random.oneIn(4)) return target;
  const at = random.int(target.length + 1);
  const removed = random.oneIn(2) ? 0 : random.int(3);
  return target.slice(0, at) + random.pick(INSERTIONS) + target.slice(at + removed);
}

type Plain = Pick<RegistryRequest, 'method' | 'target'>;

function plainRequest(random: Random): Plain {
  const prefix = random.oneIn(20) ? random.pick(BAD_PREFIXES) : '/v2/';
  const read = random.pick(['GET', 'HEAD']);
  const to = (method: string, path: string, ending = query(random)): Plain => ({
    method,
    target: `${prefix}${path}${ending}`,
  });
  switch (random.int(9)) {
    case 0:
      return to('GET', random.pick(['', '_catalog', '_oci/ext/discover']));
    case 1:
      return to(read, `${name(random)}/tags/list`);
    case 2:
    case 3:
      return to(
        random.pick([read, 'PUT', 'DELETE']),
        `${name(random)}/manifests/${random.oneIn(2) ? digest(random) : tag(random)}`,
      );
    case 4:
      return to(read, `${name(random)}/referrers/${digest(random)}`);
    case 5:
      return to(random.pick([read, 'DELETE']), `${name(random)}/blobs/${digest(random)}`);
    case 6:
    case 7:
      return to('POST', `${name(random)}/blobs/uploads/`, mountQuery(random));
    default:
      return to(random.pick([read, 'PATCH', 'PUT', 'DELETE']), `${name(random)}/blobs/uploads/${upload(random)}`);
  }
}

function name(random: Random): string {
  if (random.oneIn(20)) return longName(random);
  const segment = (): string => (random.oneIn(15) ? random.oneOf(HOSTILE_SEGMENTS) : random.oneOf(SEGMENTS));
  return Array.from({ length: 1 + random.int(4) }, segment).join('/');
}

/** Of 254 to 257 characters; the greatest length is 255. */
function longName(random: Random): string {
  return `${'a/'.repeat(random.int(100))}${'a'.repeat(300)}`.slice(0, 254 + random.int(4));
}

function digest(random: Random): string {
  return random.oneIn(8) ? random.pick(HOSTILE_DIGESTS) : random.pick(DIGESTS);
}

function tag(random: Random): string {
  return random.oneIn(8) ? random.pick(HOSTILE_TAGS) : random.pick(TAGS);
}

function upload(random: Random): string {
  return random.oneIn(8) ? random.pick(HOSTILE_UPLOADS) : random.pick(UPLOADS);
}

function query(random: Random): string {
  if (!random.oneIn(4)) return '';
  return `?${Array.from({ length: 1 + random.int(2) }, () => parameter(random)).join(random.oneIn(10) ? ';' : '&')}`;
}

function parameter(random: Random): string {
  switch (random.int(9)) {
    case 0:
      return `n=${random.pick(['10', '-1', '', '1e3'])}`;
    case 1:
      return `last=${random.pick(['latest', 'web%2Fshop', '..', ''])}`;
    case 2:
      return `digest=${digest(random)}`;
    case 3:
      return `_state=${random.pick(['eyJhIjoxfQ', 'eyJhIjoxfQ%3D%3D', 'a/b'])}`;
    case 4:
      return `artifactType=${random.pick(['application%2Fvnd.example%2Bjson', 'application/json', 'a b'])}`;
    case 5:
      return `ns=${random.pick(['docker.io', 'localhost:5000', '../x'])}`;
    case 6:
      return random.pick([
        'x=1',
        'from',
        '=',
        '',
        'constructor=1',
        '__proto__=1',
        'tag=v1',
        'origin=docker.io',
        'origin=a/b',
      ]);
    case 7:
      return `from=${mountFrom(random)}`;
    default:
      return `mount=${digest(random)}`;
  }
}

function mountQuery(random: Random): string {
  if (random.oneIn(3)) return query(random);
  const parameters = [`mount=${digest(random)}`, `from=${mountFrom(random)}`];
  if (random.oneIn(6)) parameters.push(parameter(random));
  if (random.oneIn(6)) parameters.shift();
  return `?${(random.oneIn(2) ? parameters.toReversed() : parameters).join('&')}`;
}

function mountFrom(random: Random): string {
  const from = name(random);
  return random.oneIn(2) ? from.replaceAll('/', random.pick(['%2F', '%2f', '%2F', '%252F'])) : from;
}
