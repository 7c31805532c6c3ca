/** One look at a token: what it says, claim by claim, and what each backend for tokens makes of it: `check --token`. */
import { deadlineIn } from '../core/deadline.ts';
import { describeError } from '../core/errors.ts';
import { Secret } from '../core/identity.ts';
import type { Clock } from '../core/ports.ts';
import { isToken } from '../core/token-shape.ts';
import { LOGIN_BUDGET_MS } from '../flows/identify.ts';
import type { ChainedBackend } from '../flows/chain.ts';
import type { Step } from './walk.ts';

export interface TokenWalk {
  /** What the token says of itself, for people; the signature is left out. */
  readonly lines: readonly string[];
  readonly steps: readonly Step[];
}

/** The claims that are times, in epoch seconds. */
const TIMES = new Set(['exp', 'nbf', 'iat', 'auth_time']);
const MAX_VALUE = 400;

export async function walkToken(backends: readonly ChainedBackend[], token: string, clock: Clock): Promise<TokenWalk> {
  if (!isToken(token)) {
    const text = 'what was given is no token: expected three parts of base64url with dots between them';
    return { lines: [], steps: [{ ok: false, text }] };
  }
  return { lines: describeToken(token, clock.now()), steps: await askAll(backends, token, clock) };
}

async function askAll(backends: readonly ChainedBackend[], token: string, clock: Clock): Promise<readonly Step[]> {
  const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
  const steps: Step[] = [];
  for (const { authenticator } of backends) {
    const named = ({ ok, text }: Step): Step => ({ ok, text: `backend ${authenticator.name}: ${text}` });
    try {
      const explained = await authenticator.explainToken?.(new Secret(token), deadline);
      steps.push(...(explained?.steps ?? []).map(named));
      if (explained?.isOwn === true) return steps;
    } catch (error) {
      return [...steps, named({ ok: false, text: describeError(error) })];
    }
  }
  return [...steps, { ok: false, text: 'unlisted-issuer: no backend is for tokens of this issuer' }];
}

/** Header and claims, each on a line; parts that are not JSON are left to the backends to complain about. */
function describeToken(token: string, now: number): readonly string[] {
  const [header = '', claims = ''] = token.trim().split('.');
  return [
    `token: ${token.length} characters; its signature is not shown`,
    ...entriesOf(header).map(([name, value]) => oneLine(`header ${name}: ${shown(value)}`)),
    ...entriesOf(claims).map(([name, value]) => oneLine(`claim ${name}: ${shown(value)}${timeText(name, value, now)}`)),
  ];
}

function entriesOf(part: string): readonly (readonly [string, unknown])[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? Object.entries(value) : [];
  } catch {
    return [];
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

/** Names and values are anybody's until the signature is verified: they must not steer the terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{C}+/gu, ' ');
}

function timeText(name: string, value: unknown, now: number): string {
  if (!TIMES.has(name) || typeof value !== 'number' || !Number.isFinite(value)) return '';
  const date = new Date(value * 1000);
  if (Number.isNaN(date.getTime())) return '';
  const seconds = Math.round(value - now);
  return ` (${date.toISOString()}, ${seconds < 0 ? `${-seconds} s ago` : `in ${seconds} s`})`;
}
