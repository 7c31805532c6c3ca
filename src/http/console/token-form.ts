/** The form that creates a token: from its fields to an order, or to what is wrong with them. */
import { isAction } from '../../core/access.ts';
import type { Action } from '../../core/access.ts';
import { parseClientRange } from '../../core/client-range.ts';
import { tokenNameProblem } from '../../core/personal-token.ts';
import { parseRepositoryPattern } from '../../core/policy/repository-pattern.ts';
import type { StoredLimit } from '../../core/token-limits.ts';
import type { LimitForm, TokenForm } from '../../pages/create-token.ts';

const DAY = 86_400;
/** Limits that the form shows. The API and the command take more. */
const MAX_LIMITS = 10;

/** What somebody who fills in the form asks for. */
interface FormOrder {
  readonly name: string;
  /** Undefined: no limits. */
  readonly limits: readonly StoredLimit[] | undefined;
  readonly networks: readonly string[] | undefined;
  /** Seconds. */
  readonly lifetime: number;
}

type FormResult =
  | { readonly kind: 'order'; readonly order: FormOrder }
  /** By the name of the field. */
  | { readonly kind: 'problems'; readonly problems: ReadonlyMap<string, string> };

/** @param lifetime seconds, of a token that is made without a choice */
export function emptyForm(services: readonly string[], lifetime: number, areLimitsRequired: boolean): TokenForm {
  return {
    name: '',
    owner: 'me',
    ends: String(Math.round(lifetime / DAY)),
    date: '',
    rights: areLimitsRequired ? 'limited' : 'all',
    limits: [emptyLimit(services)],
    networks: '',
  };
}

function emptyLimit(services: readonly string[]): LimitForm {
  return { service: services[0] ?? '', repositories: '', actions: ['pull'] };
}

/** @returns the values as they were sent, with one more limit where the button for it was pressed */
export function readTokenForm(fields: URLSearchParams, services: readonly string[]): TokenForm {
  const text = (name: string): string => fields.get(name) ?? '';
  const limits: LimitForm[] = [];
  while (limits.length < MAX_LIMITS && fields.has(`limits.${limits.length}.service`)) {
    const at = `limits.${limits.length}`;
    limits.push({
      service: text(`${at}.service`),
      repositories: text(`${at}.repositories`),
      actions: fields.getAll(`${at}.actions`),
    });
  }
  if (fields.get('do') === 'add-limit' && limits.length < MAX_LIMITS) limits.push(emptyLimit(services));
  return {
    name: text('name'),
    owner: text('owner') || 'me',
    ends: text('ends'),
    date: text('date'),
    rights: text('rights') === 'all' ? 'all' : 'limited',
    limits: limits.length === 0 ? [emptyLimit(services)] : limits,
    networks: text('networks'),
  };
}

export function orderOf(form: TokenForm, now: number): FormResult {
  const problems = new Map<string, string>();
  const name = form.name.trim();
  const nameProblem = tokenNameProblem(name);
  if (nameProblem !== undefined) problems.set('name', sentence(nameProblem));
  const lifetime = lifetimeOf(form, now, problems);
  const networks = networksOf(form.networks, problems);
  const limits = form.rights === 'all' ? undefined : limitsOf(form.limits, problems);
  if (problems.size > 0) return { kind: 'problems', problems };
  return { kind: 'order', order: { name, limits, networks, lifetime } };
}

function lifetimeOf({ ends, date }: TokenForm, now: number, problems: Map<string, string>): number {
  if (ends !== 'date') {
    const days = Number(ends);
    if (Number.isSafeInteger(days) && days > 0) return days * DAY;
    problems.set('ends', 'Choose when the token ends.');
    return 0;
  }
  // To the end of that day, so that the date itself is part of the lifetime.
  const end = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T23:59:59Z`) / 1000 : NaN;
  if (Number.isNaN(end)) problems.set('date', 'Enter a date, such as 2026-12-31.');
  else if (end <= now) problems.set('date', 'This date is in the past.');
  return Number.isNaN(end) ? 0 : Math.floor(end - now);
}

function networksOf(text: string, problems: Map<string, string>): readonly string[] | undefined {
  const networks = text.split(/[\s,]+/).filter((part) => part !== '');
  for (const network of networks) {
    const range = parseClientRange(network);
    if (typeof range === 'string') problems.set('networks', sentence(`${network}: ${range}`));
  }
  return networks.length === 0 ? undefined : networks;
}

function limitsOf(forms: readonly LimitForm[], problems: Map<string, string>): readonly StoredLimit[] {
  return forms.map(({ service, repositories, actions }, index) => {
    const at = `limits.${index}`;
    const patterns = repositories.split(/\s+/).filter((line) => line !== '');
    const wrong = patterns.map((text) => patternProblem(text)).find((problem) => problem !== undefined);
    if (patterns.length === 0) problems.set(`${at}.repositories`, 'Enter at least one repository or pattern.');
    else if (wrong !== undefined) problems.set(`${at}.repositories`, wrong);
    const known: readonly Action[] = actions.filter(isAction);
    if (known.length === 0) problems.set(`${at}.actions`, 'Choose at least one action.');
    return { service, repositories: patterns, actions: known };
  });
}

function patternProblem(text: string): string | undefined {
  const pattern = parseRepositoryPattern(text);
  if (typeof pattern === 'string') return sentence(`"${text}" ${pattern}`);
  return pattern.placeholders.length > 0
    ? sentence(`"${text}" has a placeholder, which a limit cannot have`)
    : undefined;
}

/** Problems of the core are clauses. */
export function sentence(clause: string): string {
  return `${clause.slice(0, 1).toUpperCase()}${clause.slice(1)}.`;
}
