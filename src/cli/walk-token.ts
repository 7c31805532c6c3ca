/** `check --token`: lists the claims of a token, and what each backend for tokens finds. */
import { hasFairleadPrefix } from '../core/fairlead-prefix.ts';
import { Secret } from '../core/identity.ts';
import type { Step } from '../core/ports.ts';
import { isToken } from '../core/token-shape.ts';
import { foreignName } from '../flows/chain.ts';
import { walkChain } from '../flows/walk-chain.ts';
import type { Chain } from '../flows/walk-chain.ts';
import { failureStep, namingBackend } from '../flows/trace-login.ts';

interface TokenCheck {
  /** Header and claims of the token, for people; the signature is left out. */
  readonly lines: readonly string[];
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
  /** The key `bound` that fits the token, as lines of YAML. */
  readonly bound: readonly string[];
}

/** The claims that are times, in epoch seconds. */
const TIMES = new Set(['exp', 'nbf', 'iat', 'auth_time']);
const MAX_VALUE = 400;

export async function checkToken(chain: Chain, token: string): Promise<TokenCheck> {
  if (hasFairleadPrefix(token)) {
    return failed('a Fairlead token is not an ID token: expected a token of an identity provider or CI system');
  }
  if (!isToken(token))
    return failed('the input is not a token: expected three parts of base64url with dots between them');
  return { lines: describeToken(token, chain.clock.now()), ...(await explain(chain, new Secret(token))) };
}

function failed(text: string): TokenCheck {
  return { lines: [], steps: [{ ok: false, text }], warnings: [], bound: [] };
}

async function explain(chain: Chain, token: Secret): Promise<Omit<TokenCheck, 'lines'>> {
  const steps: Step[] = [];
  const naming = (name: string, text: string): string => oneLine(`backend ${name}: ${text}`);
  const noAdvice = { warnings: [], bound: [] };
  try {
    const own = await walkChain<Omit<TokenCheck, 'lines'>>(
      chain,
      { username: '', method: 'tokens' },
      {
        ask: async (authenticator, deadline) => {
          const { name } = authenticator;
          const explained = await namingBackend(name, async () => authenticator.explainToken?.(token, deadline));
          steps.push(...(explained?.steps ?? []).map(({ ok, text }) => ({ ok, text: naming(name, text) })));
          if (explained?.isOwn !== true) return undefined;
          const foreign = explained.identity && foreignName(chain.backends, explained.identity);
          if (foreign !== undefined) steps.push({ ok: false, text: naming(name, `ambiguous: ${foreign}`) });
          const { warnings = [], bound = [] } = explained;
          return { steps, warnings: warnings.map((text) => naming(name, text)), bound };
        },
      },
    );
    if (own !== undefined) return own;
  } catch (error) {
    return { steps: [...steps, failureStep(error)], ...noAdvice };
  }
  const text = 'unlisted-issuer: no backend accepts tokens of this issuer';
  return { steps: [...steps, { ok: false, text }], ...noAdvice };
}

/** Header and claims, one per line. Parts that are not JSON are omitted; the backends report them. */
function describeToken(token: string, now: number): readonly string[] {
  const [header = '', claims = ''] = token.trim().split('.');
  return [
    `token: ${token.length} characters; its signature is not shown`,
    ...entriesOf(header).map(([name, value]) => oneLine(`header ${name}: ${valueText(value)}`)),
    ...entriesOf(claims).map(([name, value]) =>
      oneLine(`claim ${name}: ${valueText(value)}${timeText(name, value, now)}`),
    ),
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

function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

/** Removes control characters: until the signature is verified, an attacker may have chosen names and values. */
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
