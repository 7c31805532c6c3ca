/** What the limits of a personal token allow. A token without limits may do what its owner may do. */
import { isAction } from './access.ts';
import type { Action, Grant } from './access.ts';
import { matchesRepository, parseRepositoryPattern, repositorySegments } from './policy/repository-pattern.ts';
import type { RepositoryPattern } from './policy/repository-pattern.ts';

/**
 * One limit: these actions on these repositories of one registry. The patterns have the grammar of the policy, without
 * placeholders.
 */
export interface TokenLimit {
  readonly service: string;
  readonly repositories: readonly RepositoryPattern[];
  readonly actions: readonly Action[];
}

/** A limit as it is stored and shown: its patterns as text. */
export interface StoredLimit {
  readonly service: string;
  readonly repositories: readonly string[];
  readonly actions: readonly Action[];
}

/** What a credential may do at the API. It never exceeds what its owner may do there. */
export type ApiAccess = 'read' | 'admin';

/** Bounds of the limits of one token, so that each decision takes little time. */
const MAX_LIMITS = 50;
const MAX_PATTERNS = 100;

/** @returns the limits; or what is wrong with them, as a sentence */
export function parseStoredLimits(value: unknown): readonly TokenLimit[] | string {
  if (!Array.isArray(value)) return 'expected a list of limits';
  if (value.length > MAX_LIMITS) return `expected at most ${MAX_LIMITS} limits`;
  const limits: TokenLimit[] = [];
  for (const one of value as readonly unknown[]) {
    const limit = parseLimit(one);
    if (typeof limit === 'string') return limit;
    limits.push(limit);
  }
  return limits;
}

function parseLimit(value: unknown): TokenLimit | string {
  if (typeof value !== 'object' || value === null) return 'expected a limit with service, repositories and actions';
  const fields = new Map<string, unknown>(Object.entries(value));
  const [service, repositories, actions] = ['service', 'repositories', 'actions'].map((name) => fields.get(name));
  if (typeof service !== 'string' || service === '') return 'expected the service of a limit';
  if (!isTexts(repositories) || repositories.length > MAX_PATTERNS) {
    return `expected 1 to ${MAX_PATTERNS} repositories of a limit`;
  }
  if (!isTexts(actions) || !actions.every(isAction)) return 'expected actions of a limit: pull, push, delete or *';
  const patterns: RepositoryPattern[] = [];
  for (const text of repositories) {
    const pattern = parseRepositoryPattern(text);
    if (typeof pattern === 'string') return `the pattern "${text}" ${pattern}`;
    if (pattern.placeholders.length > 0) return `the pattern "${text}" has a placeholder, which a limit cannot have`;
    patterns.push(pattern);
  }
  return { service, repositories: patterns, actions };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((text: unknown) => typeof text === 'string');
}

/**
 * The limits of a record that was parsed before (see `parsePersonalToken`).
 *
 * @throws Error when they are not valid: a limit that cannot be read must not count as none
 */
export function limitsOf(stored: readonly StoredLimit[] | undefined): readonly TokenLimit[] | undefined {
  if (stored === undefined) return undefined;
  const limits = parseStoredLimits(stored);
  if (typeof limits === 'string') throw new Error(`the limits of a token are not valid: ${limits}`);
  return limits;
}

/**
 * What is left of a decision within the limits of the credential.
 *
 * INVARIANT: it only takes away: what is granted is granted by the decision, and allowed by one of the limits.
 *
 * @param service the registry of the request
 * @param limits undefined: no limits; an empty list allows nothing
 */
export function narrow(grant: Grant, service: string, limits: readonly TokenLimit[] | undefined): Grant {
  if (limits === undefined || grant.granted.length === 0) return grant;
  const allowed = allowedActions(grant, service, limits);
  const isAllowed = (action: Action): boolean => allowed.has(action) || allowed.has('*');
  const granted = grant.granted.filter(isAllowed);
  if (granted.length === grant.granted.length) return grant;
  return { ...grant, granted, limited: grant.granted.filter((action) => !isAllowed(action)) };
}

function allowedActions({ asked }: Grant, service: string, limits: readonly TokenLimit[]): ReadonlySet<Action> {
  const own = limits.filter((limit) => limit.service === service);
  if (isCatalog(asked)) return own.some(readsAll) ? CATALOG : NOTHING;
  const segments = asked.type === 'repository' ? repositorySegments(asked.name) : undefined;
  if (segments === undefined) return NOTHING;
  const matching = own.filter(({ repositories }) =>
    repositories.some((pattern) => matchesRepository(pattern, segments, NO_VALUES)),
  );
  return new Set(matching.flatMap(({ actions }) => actions));
}

const NO_VALUES: ReadonlyMap<string, string> = new Map();
const NOTHING: ReadonlySet<Action> = new Set();
/** The catalog is read with the action `*`, and by zot as a repository without a name with `pull`. */
const CATALOG: ReadonlySet<Action> = new Set(['*']);

function isCatalog({ type, name }: Grant['asked']): boolean {
  return type === 'registry' ? name === 'catalog' : type === 'repository' && name === '';
}

/** The catalog names all repositories, so it needs a limit that reads all of them. */
function readsAll({ repositories, actions }: TokenLimit): boolean {
  return (actions.includes('pull') || actions.includes('*')) && repositories.some(({ text }) => text === '**');
}

/** The limits as they are stored and shown. */
export function storedLimits(limits: readonly TokenLimit[]): readonly StoredLimit[] {
  return limits.map(({ service, repositories, actions }) => ({
    service,
    repositories: repositories.map(({ text }) => text),
    actions,
  }));
}
