/**
 * What a request to a registry needs, read from its method and its raw target (distribution's api/v2/descriptors.go, OCI
 * distribution specification 1.1).
 *
 * A proxy asks for the access, and the registry behind it reads the same text again. So nothing is decoded except `:` in a
 * digest and `/` in the name to mount from, no path is cleaned, every parameter is known, and all else has no route.
 *
 * INVARIANT: every registry reads the same repositories from a request that has a route.
 */
import type { Action } from './access.ts';
import { isSegment } from './policy/repository-pattern.ts';
import { MAX_NAME_LENGTH } from './scope.ts';
import type { Scope } from './scope.ts';

/** A request to a registry, as its client sent it. */
export interface RegistryRequest {
  readonly method: string;
  /** The path and the query, not decoded. */
  readonly target: string;
  /** The values of all its Content-Type headers. */
  readonly contentTypes: readonly string[];
}

/** Routes that not every registry has, and that a service allows by name. */
export const EXTRA_ROUTES = ['oci-extensions', 'zot-search', 'preflight', 'mirror'] as const;
type ExtraRoute = (typeof EXTRA_ROUTES)[number];

export interface RouteOptions {
  readonly allowRoutes: readonly ExtraRoute[];
  /** Whether a blob may be mounted from no named repository. Such a registry looks for it in all of them. */
  readonly mountAnywhere: boolean;
}

export type RegistryRoute =
  /** `/v2/`, by which clients find out how to log in: any credential is enough. */
  | { readonly kind: 'ping' }
  /** The preflight request of a browser, which has no credential. */
  | { readonly kind: 'open' }
  | { readonly kind: 'access'; readonly needs: readonly Scope[] };

export function needsOf(route: RegistryRoute): readonly Scope[] {
  return route.kind === 'access' ? route.needs : [];
}

const PREFIX = '/v2/';
/** The state of an upload has the name of its repository, and so up to some 700 characters. */
const MAX_TARGET = 4096;

/** @returns undefined when the request has no route. Never throws. */
export function registryRoute(request: RegistryRequest, options: RouteOptions): RegistryRoute | undefined {
  const { method, target, contentTypes } = request;
  if (target.length > MAX_TARGET || !target.startsWith(PREFIX)) return undefined;
  if (contentTypes.some(isForm)) return undefined;
  if (method === 'OPTIONS') return isPreflight(request, options) ? { kind: 'open' } : undefined;
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const query = question < 0 ? '' : target.slice(question + 1);
  const place = placeOf(path.slice(PREFIX.length), options);
  return place === undefined ? undefined : routeAt(place, method, query, options);
}

/** distribution reads the parameters of a form as those of the query, and before them: `from` could hide in the body. */
function isForm(contentType: string): boolean {
  return /form-urlencoded|multipart/i.test(contentType);
}

/** Each path can be read, but for the one where uploads start. */
const SOME_METHODS = ['GET', 'POST'];

function isPreflight(request: RegistryRequest, options: RouteOptions): boolean {
  if (!options.allowRoutes.includes('preflight')) return false;
  return SOME_METHODS.some((method) => registryRoute({ ...request, method }, options) !== undefined);
}

/** A kind of path: what each method needs, and the query parameters with the form of their values. */
interface PlaceKind {
  readonly actions: ReadonlyMap<string, readonly Action[]>;
  readonly parameters: ReadonlyMap<string, RegExp>;
}

interface Place {
  readonly kind: PlaceKind;
  /** What the actions are for; undefined: a credential is enough. */
  readonly on: Pick<Scope, 'type' | 'name'> | undefined;
}

const PULL = ['pull'] as const;
const PUSH = ['pull', 'push'] as const;
const DELETE = ['delete'] as const;

const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^(?:sha256(?::|%3[Aa])[0-9a-f]{64}|sha384(?::|%3[Aa])[0-9a-f]{96}|sha512(?::|%3[Aa])[0-9a-f]{128})$/;
const ALGORITHM = /^[a-z0-9]{1,32}$/;
const UPLOAD = /^[\w=-]{1,255}$/;
/** Signed by the registry, which checks that it names the repository of the path. */
const UPLOAD_STATE = /^(?:[\w=-]|%3[Dd])+$/;
const COUNT = /^\d{1,9}$/;
const LAST_TAG = /^[\w.-]{0,128}$/;
const LAST_REPOSITORY = /^(?:[\w./-]|%2[Ff]){0,1024}$/;
const MEDIA_TYPE = /^(?:[\w.+/-]|%2[BbFf]){1,255}$/;
/** A name with its slashes written as `/` or `%2F`. */
const MOUNT_FROM = /^(?:[a-z0-9._/-]|%2[Ff])+$/;
const HOST = /^[a-zA-Z0-9.-]{1,255}(?:(?::|%3[Aa])\d{1,5})?$/;
/** The query language of zot has braces, quotes and spaces. */
const GRAPHQL = /^[\w.~!$'()*+,;:@/{}[\]"%-]*$/;

const READ = { GET: PULL, HEAD: PULL } as const;
const READ_CATALOG = { GET: ['*'] } as const;

const BASE = placeKind(READ, {});
const CATALOG = placeKind(READ_CATALOG, { n: COUNT, last: LAST_REPOSITORY });
const SEARCH = placeKind(READ_CATALOG, { query: GRAPHQL });
const TAGS = placeKind(READ, { n: COUNT, last: LAST_TAG });
const REFERRERS = placeKind(READ, { artifactType: MEDIA_TYPE, n: COUNT });
const MANIFEST = placeKind({ ...READ, PUT: PUSH, DELETE }, {});
const BLOB = placeKind({ ...READ, DELETE }, {});
const UPLOAD_START = placeKind(
  { POST: PUSH },
  // crane names the registry of `from` as `origin`; no registry is known to read it.
  { mount: DIGEST, from: MOUNT_FROM, origin: HOST, digest: DIGEST, 'digest-algorithm': ALGORITHM },
);
const UPLOAD_PART = placeKind(
  { GET: PUSH, HEAD: PUSH, PATCH: PUSH, PUT: PUSH, DELETE: PUSH },
  { _state: UPLOAD_STATE, digest: DIGEST },
);

function placeKind(
  actions: Readonly<Record<string, readonly Action[]>>,
  parameters: Readonly<Record<string, RegExp>>,
): PlaceKind {
  return { actions: new Map(Object.entries(actions)), parameters: new Map(Object.entries(parameters)) };
}

const ON_CATALOG = { type: 'registry', name: 'catalog' } as const;

/** @param path without `/v2/` */
function placeOf(path: string, { allowRoutes }: RouteOptions): Place | undefined {
  if (path === '') return { kind: BASE, on: undefined };
  if (path === '_catalog') return { kind: CATALOG, on: ON_CATALOG };
  if (path === '_oci/ext/discover')
    return allowRoutes.includes('oci-extensions') ? { kind: BASE, on: undefined } : undefined;
  if (path === '_zot/ext/search')
    return allowRoutes.includes('zot-search') ? { kind: SEARCH, on: ON_CATALOG } : undefined;
  const segments = path.split('/');
  // A name may have segments such as `manifests`. What follows the name has a fixed number of segments, so the last counts.
  const last = segments.pop() ?? '';
  const keyword = segments.pop() ?? '';
  const kind = keyword === 'uploads' && segments.pop() === 'blobs' ? uploadKind(last) : contentKind(keyword, last);
  const name = segments.join('/');
  return kind === undefined || !isRepository(name) ? undefined : { kind, on: { type: 'repository', name } };
}

function uploadKind(id: string): PlaceKind | undefined {
  if (id === '') return UPLOAD_START;
  return UPLOAD.test(id) ? UPLOAD_PART : undefined;
}

function contentKind(keyword: string, last: string): PlaceKind | undefined {
  switch (keyword) {
    case 'tags':
      return last === 'list' ? TAGS : undefined;
    case 'manifests':
      return TAG.test(last) || DIGEST.test(last) ? MANIFEST : undefined;
    case 'blobs':
      return DIGEST.test(last) ? BLOB : undefined;
    case 'referrers':
      return DIGEST.test(last) ? REFERRERS : undefined;
    default:
      return undefined;
  }
}

/** Without a host and port in front, which only distribution accepts. */
function isRepository(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && name.split('/').every(isSegment);
}

function routeAt(place: Place, method: string, query: string, options: RouteOptions): RegistryRoute | undefined {
  const { kind, on } = place;
  const actions = kind.actions.get(method);
  const isMirrored = actions === PULL && options.allowRoutes.includes('mirror');
  const values = parseQuery(query, isMirrored ? new Map([...kind.parameters, ['ns', HOST]]) : kind.parameters);
  if (actions === undefined || values === undefined) return undefined;
  if (on === undefined) return { kind: 'ping' };
  const need = { ...on, actions };
  const mounted = kind === UPLOAD_START ? mountNeeds(on.name, values, options) : [];
  return mounted === undefined ? undefined : { kind: 'access', needs: [need, ...mounted] };
}

/** @returns undefined for a query that is not allowed; each parameter occurs once */
function parseQuery(query: string, parameters: ReadonlyMap<string, RegExp>): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>();
  if (query === '') return values;
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(equals, 0));
    const value = pair.slice(equals + 1);
    if (values.has(name) || parameters.get(name)?.test(value) !== true) return undefined;
    values.set(name, value);
  }
  return values;
}

/** What a mount needs in addition: to read the repository that the blob comes from. */
function mountNeeds(
  into: string,
  values: ReadonlyMap<string, string>,
  { mountAnywhere }: RouteOptions,
): readonly Scope[] | undefined {
  const from = values.get('from')?.replaceAll(/%2f/gi, '/');
  const isMount = values.has('mount');
  if (isMount && (values.has('digest') || values.has('digest-algorithm'))) return undefined;
  if (!isMount && values.has('origin')) return undefined;
  if (from === undefined) return isMount && !mountAnywhere ? undefined : [];
  if (!isMount || !isRepository(from)) return undefined;
  return from === into ? [] : [{ type: 'repository', name: from, actions: PULL }];
}
