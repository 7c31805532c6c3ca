import { describe, expect, it } from 'vitest';
import { EXTRA_ROUTES, needsOf, registryRoute } from '../../../src/core/registry-route.ts';
import type { RouteOptions } from '../../../src/core/registry-route.ts';
import { formatScope } from '../../../src/core/scope.ts';

const STRICT: RouteOptions = { allowRoutes: [], mountAnywhere: false };
const ALL: RouteOptions = { allowRoutes: EXTRA_ROUTES, mountAnywhere: true };
const HEX = 'a'.repeat(64);
const DIGEST = `sha256:${HEX}`;
const ENCODED = `sha256%3A${HEX}`;

/** What a request needs, as text; `none` where it has no route. */
function needs(method: string, target: string, options = STRICT, contentTypes: readonly string[] = []): string {
  const route = registryRoute({ method, target, contentTypes }, options);
  if (route === undefined) return 'none';
  return route.kind === 'access' ? needsOf(route).map(formatScope).join(' ') : route.kind;
}

describe('a request to a registry', () => {
  it.each([
    ['GET', '/v2/', 'ping'],
    ['HEAD', '/v2/', 'ping'],
    ['GET', '/v2/_catalog', 'registry:catalog:*'],
    ['GET', '/v2/_catalog?n=100&last=team%2Fapp', 'registry:catalog:*'],
    ['GET', '/v2/team/app/tags/list', 'repository:team/app:pull'],
    ['GET', '/v2/team/app/tags/list?n=50&last=v1.0', 'repository:team/app:pull'],
    ['GET', `/v2/team/app/referrers/${DIGEST}?artifactType=application%2Fvnd.x%2Bjson&n=9`, 'repository:team/app:pull'],
    ['HEAD', '/v2/app/manifests/latest', 'repository:app:pull'],
    ['GET', `/v2/app/manifests/${DIGEST}`, 'repository:app:pull'],
    ['GET', `/v2/app/manifests/${ENCODED}`, 'repository:app:pull'],
    ['PUT', '/v2/app/manifests/latest', 'repository:app:pull,push'],
    ['DELETE', `/v2/app/manifests/${DIGEST}`, 'repository:app:delete'],
    ['GET', `/v2/app/blobs/${DIGEST}`, 'repository:app:pull'],
    ['DELETE', `/v2/app/blobs/${DIGEST}`, 'repository:app:delete'],
    ['POST', '/v2/app/blobs/uploads/', 'repository:app:pull,push'],
    ['POST', `/v2/app/blobs/uploads/?digest=${ENCODED}`, 'repository:app:pull,push'],
    ['PATCH', '/v2/app/blobs/uploads/0a-b_c=?_state=eyJ4%3D', 'repository:app:pull,push'],
    ['PUT', `/v2/app/blobs/uploads/0ab?_state=e&digest=${ENCODED}`, 'repository:app:pull,push'],
    ['GET', '/v2/app/blobs/uploads/0ab', 'repository:app:pull,push'],
    ['DELETE', '/v2/app/blobs/uploads/0ab', 'repository:app:pull,push'],
  ])('%s %s needs %s', (method, target, expected) => {
    expect(needs(method, target)).toBe(expected);
  });

  it('may have a name with the words of routes, of which the last one counts', () => {
    expect(needs('GET', '/v2/a/manifests/b/tags/list')).toBe('repository:a/manifests/b:pull');
    expect(needs('GET', '/v2/tags/list/manifests/tags')).toBe('repository:tags/list:pull');
    expect(needs('POST', '/v2/blobs/uploads/blobs/uploads/')).toBe('repository:blobs/uploads:pull,push');
    expect(needs('GET', `/v2/blobs/uploads/blobs/${DIGEST}`)).toBe('repository:blobs/uploads:pull');
  });

  it('may have a name of 255 characters and not of 256', () => {
    const name = `${'a/'.repeat(100)}${'b'.repeat(55)}`;
    expect(needs('GET', `/v2/${name}/tags/list`)).toBe(`repository:${name}:pull`);
    expect(needs('GET', `/v2/${name}b/tags/list`)).toBe('none');
  });

  it.each([
    '/v2',
    '/V2/',
    '//v2/',
    '/v2//',
    '/v2/./',
    'http://registry/v2/',
    '/v2/_catalog/',
    '/v2/tags/list',
    '/v2//app/tags/list',
    '/v2/app//tags/list',
    '/v2/app/tags/list/',
    '/v2/app/tags/list#x',
    '/v2/App/tags/list',
    '/v2/team/../app/tags/list',
    '/v2/team/./app/tags/list',
    '/v2/team/%2e%2e/app/tags/list',
    '/v2/team%2Fapp/tags/list',
    '/v2/team%2fapp/tags/list',
    '/v2/public/..%2fweb/tags/list',
    '/v2/%61pp/tags/list',
    '/v2/team\\app/tags/list',
    '/v2/app;x/tags/list',
    '/v2/app%00/tags/list',
    '/v2/app\u0000/tags/list',
    '/v2/localhost:5000/app/tags/list',
    '/v2/app/manifests/',
    '/v2/app/manifests/..',
    '/v2/app/manifests/-x',
    `/v2/app/manifests/${'t'.repeat(129)}`,
    `/v2/app/manifests/sha256%253A${HEX}`,
    `/v2/app/manifests/sha256:${HEX.slice(1)}`,
    `/v2/app/manifests/sha256:${HEX.toUpperCase()}`,
    '/v2/app/blobs/latest',
    '/v2/app/referrers/latest',
    '/v2/_oci/ext/discover',
    '/v2/_zot/ext/search?query={ImageList}',
    '/token',
    '',
  ])('has no route at %j', (target) => {
    for (const method of ['GET', 'PUT', 'POST', 'OPTIONS']) expect(needs(method, target)).toBe('none');
  });

  it.each([
    ['get', '/v2/app/tags/list'],
    ['POST', '/v2/app/tags/list'],
    ['PUT', `/v2/app/blobs/${DIGEST}`],
    ['GET', '/v2/app/blobs/uploads/'],
    ['POST', '/v2/app/blobs/uploads'],
    ['POST', '/v2/app/blobs/uploads/0ab'],
    ['HEAD', '/v2/_catalog'],
    ['constructor', '/v2/app/tags/list'],
    ['OPTIONS', '/v2/app/tags/list'],
  ])('has no route by %s %s', (method, target) => {
    expect(needs(method, target)).toBe('none');
  });

  it.each([
    ['GET', '/v2/app/manifests/latest?from=other'],
    ['GET', '/v2/app/manifests/latest?x=1'],
    ['GET', '/v2/app/manifests/latest?ns=docker.io'],
    ['GET', '/v2/app/tags/list?n=1&n=2'],
    ['GET', '/v2/app/tags/list?n=-1'],
    ['GET', '/v2/app/tags/list?n=1;last=a'],
    ['GET', '/v2/app/tags/list?n=1&'],
    ['GET', '/v2/app/tags/list?constructor=1'],
    ['PUT', `/v2/app/blobs/uploads/0ab?from=other&digest=${DIGEST}`],
  ])('has no route with parameters that are unknown, repeated or malformed: %s %s', (method, target) => {
    expect(needs(method, target)).toBe('none');
  });

  it.each([
    ['_state', 'PATCH', '/v2/app/blobs/uploads/0ab', 'eyJ4%3d'],
    ['digest', 'PUT', '/v2/app/blobs/uploads/0ab', `sha384:${'a'.repeat(96)}`],
    ['digest', 'PUT', '/v2/app/blobs/uploads/0ab', `sha512%3a${'b'.repeat(128)}`],
    ['digest-algorithm', 'POST', '/v2/app/blobs/uploads/', 'sha512'],
    ['n', 'GET', '/v2/app/tags/list', '10'],
    ['last', 'GET', '/v2/app/tags/list', 'v1.0'],
    ['last', 'GET', '/v2/_catalog', 'team%2fapp'],
    ['artifactType', 'GET', `/v2/app/referrers/${DIGEST}`, 'application%2fvnd.x%2bjson'],
    ['query', 'GET', '/v2/_zot/ext/search', '{ImageList(repo:%22a%22)}'],
    ['ns', 'GET', '/v2/app/manifests/latest', 'localhost:5000'],
    ['ns', 'GET', '/v2/app/manifests/latest', 'localhost%3a5000'],
  ])('has a route with %s of one form, and with nothing before or after it (case %#)', (name, method, path, value) => {
    expect(needs(method, `${path}?${name}=${value}`, ALL)).not.toBe('none');
    for (const other of [`#${value}`, `${value}#`, `${value}%00`, `%0a${value}`]) {
      expect(needs(method, `${path}?${name}=${other.replaceAll('%', name === 'query' ? '#' : '%')}`, ALL)).toBe('none');
    }
  });

  it.each([
    `sha256:${HEX}a`,
    `xsha256:${HEX}`,
    `sha384:${'a'.repeat(95)}`,
    `sha384:${'G'.repeat(96)}`,
    `sha512:${'a'.repeat(127)}`,
    `sha512:${'A'.repeat(128)}`,
    `sha512%3b${'a'.repeat(128)}`,
    `md5:${'a'.repeat(32)}`,
  ])('has no route with %s, which is no digest', (digest) => {
    expect(needs('GET', `/v2/app/blobs/${digest}`)).toBe('none');
    expect(needs('PUT', `/v2/app/blobs/uploads/0ab?digest=${digest}`)).toBe('none');
  });

  it.each(['a.b', '..', 'a%2fb', 'a b', 'u'.repeat(256)])('has no route at the upload %s', (id) => {
    expect(needs('PATCH', `/v2/app/blobs/uploads/${id}`)).toBe('none');
  });

  it('has the same route with an empty query', () => {
    expect(needs('GET', '/v2/app/tags/list?')).toBe('repository:app:pull');
  });

  it('has no route when it is too long to be one', () => {
    expect(needs('PATCH', `/v2/app/blobs/uploads/a?_state=${'x'.repeat(4000)}`)).toBe('repository:app:pull,push');
    expect(needs('PATCH', `/v2/app/blobs/uploads/a?_state=${'x'.repeat(4100)}`)).toBe('none');
  });
});

describe('a mount', () => {
  const into = '/v2/team/app/blobs/uploads/';

  it.each([
    `mount=${DIGEST}&from=other/base`,
    `from=other%2Fbase&mount=${ENCODED}`,
    `from=other%2fbase&mount=${DIGEST}`,
    `from=other%2Fbase&mount=${ENCODED}&origin=registry.example.com%3A5000`,
  ])('needs to read the repository that the blob comes from: %s', (query) => {
    expect(needs('POST', `${into}?${query}`)).toBe('repository:team/app:pull,push repository:other/base:pull');
  });

  it('within one repository needs nothing more', () => {
    expect(needs('POST', `${into}?mount=${DIGEST}&from=team/app`)).toBe('repository:team/app:pull,push');
  });

  it.each([
    `mount=${DIGEST}`,
    `mount=${DIGEST}&from=`,
    `mount=${DIGEST}&from=a&from=b`,
    `mount=${DIGEST}&from=a&digest=${DIGEST}`,
    `mount=${DIGEST}&from=a&digest-algorithm=sha512`,
    `mount=${DIGEST}&from=..`,
    `mount=${DIGEST}&from=a%252Fb`,
    `mount=${DIGEST}&from=a%2F..%2Fb`,
    `mount=${DIGEST}&from=/a`,
    `mount=${DIGEST}&from=Other`,
    `mount=${DIGEST}&%66rom=other`,
    'mount=latest&from=other',
    'from=other',
    'origin=registry.example.com',
    `mount=${DIGEST}&from=other&origin=a/b`,
  ])('has no route when it is not clear from where: %s', (query) => {
    expect(needs('POST', `${into}?${query}`)).toBe('none');
  });

  it('from no named repository is a push where the service allows that', () => {
    const target = `${into}?mount=${DIGEST}`;
    expect(needs('POST', target, { ...STRICT, mountAnywhere: true })).toBe('repository:team/app:pull,push');
  });

  it.each([
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-urlencoded; charset=utf-8',
    'multipart/form-data; boundary=x',
  ])('cannot be hidden in a form, which distribution reads before the query: %s', (contentType) => {
    expect(needs('POST', into, STRICT, [contentType])).toBe('none');
    expect(needs('POST', into, STRICT, ['application/octet-stream', contentType])).toBe('none');
    expect(needs('POST', into, STRICT, ['application/octet-stream'])).toBe('repository:team/app:pull,push');
  });
});

describe('a route that a service allows by name', () => {
  it.each([
    ['oci-extensions', 'GET', '/v2/_oci/ext/discover', 'ping'],
    ['zot-search', 'GET', '/v2/_zot/ext/search?query={ImageList(repo:%22a%22){Results{Tag}}}', 'registry:catalog:*'],
    ['preflight', 'OPTIONS', '/v2/app/manifests/latest', 'open'],
    ['mirror', 'GET', '/v2/library/nginx/manifests/latest?ns=docker.io', 'repository:library/nginx:pull'],
  ] as const)('%s: %s %s needs %s', (name, method, target, expected) => {
    expect(needs(method, target, { ...STRICT, allowRoutes: [name] })).toBe(expected);
    expect(needs(method, target, { ...STRICT, allowRoutes: EXTRA_ROUTES.filter((other) => other !== name) })).toBe(
      'none',
    );
  });

  it('is open to a preflight of each method', () => {
    const targets = ['/v2/_catalog', '/v2/app/blobs/uploads/', '/v2/app/blobs/uploads/0ab', `/v2/app/blobs/${DIGEST}`];

    expect(targets.map((target) => needs('OPTIONS', target, ALL))).toEqual(['open', 'open', 'open', 'open']);
  });

  it('leaves every other request without a route', () => {
    expect(needs('OPTIONS', '/v2/../app/manifests/latest', ALL)).toBe('none');
    expect(needs('OPTIONS', '*', ALL)).toBe('none');
    expect(needs('POST', '/v2/_zot/ext/search?query=x', ALL)).toBe('none');
    expect(needs('GET', '/v2/_zot/ext/mgmt', ALL)).toBe('none');
    expect(needs('PUT', '/v2/app/manifests/latest?ns=docker.io', ALL)).toBe('none');
  });
});
