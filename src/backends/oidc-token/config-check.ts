/** What must hold between the keys of an oidc-token backend. */
import { isLoopbackHttp } from '../http-client/address.ts';
import { parseBound } from './bound.ts';
import type { BoundClaim } from './bound.ts';
import { knowledgeOf } from './claim-knowledge.ts';
import { audienceProblem, issuerOf, PUBLIC_ISSUERS } from './presets.ts';
import type { PresetName } from './presets.ts';
import type { ClaimTemplate } from './template.ts';

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Bound = Readonly<Record<string, Parameters<typeof parseBound>[1]>>;

/** The keys that depend on each other. */
interface Checked {
  readonly preset: PresetName;
  readonly issuer?: string | undefined;
  readonly audience: readonly string[];
  readonly bound?: 'everyone' | Bound | undefined;
  readonly username?: ClaimTemplate | undefined;
  readonly keys: { readonly url?: string | undefined; readonly file?: unknown; readonly bearer?: unknown };
  readonly caFile?: unknown;
  readonly proxy?: unknown;
}

export function checkOidcTokenConfig(config: Checked): readonly Problem[] {
  const issuer = issuerOf(config);
  if (issuer === undefined) return [{ path: [], message: 'expected an issuer, or a preset that has one' }];
  return [
    ...checkAudience(config, issuer),
    ...checkBound(config, issuer),
    ...checkUsername(config),
    ...checkKeys(config),
  ];
}

function checkAudience({ audience }: Checked, issuer: string): readonly Problem[] {
  return audience.flatMap((text) => {
    const problem = audienceProblem(text, issuer);
    return problem === undefined ? [] : [{ path: ['audience'], message: `found "${text}": ${problem}` }];
  });
}

function checkBound(config: Checked, issuer: string): readonly Problem[] {
  const { bound } = config;
  if (bound === 'everyone') return [];
  if (bound === undefined || Object.keys(bound).length === 0) return [{ path: [], message: unbound(config, issuer) }];
  const parsed = Object.entries(bound).map(([claim, values]) => ({ claim, result: parseBound(claim, values) }));
  const problems = parsed.flatMap(({ claim, result }) =>
    typeof result === 'string' ? [{ path: ['bound', claim], message: result }] : [],
  );
  const owners = PUBLIC_ISSUERS[issuer];
  if (problems.length > 0 || owners === undefined) return problems;
  const claims = parsed.flatMap(({ result }) => (typeof result === 'string' ? [] : [result]));
  if (claims.some((claim) => isOwners(claim, owners))) return [];
  const named = owners.slice(0, 4).join(', ');
  const message =
    `anybody can get a token of ${issuer}: found no claim that distinguishes your jobs from those of others, ` +
    `expected a claim that says whose it is (${named}) with an exact value, or a pattern with the owner and a / ` +
    'before its first *';
  return [{ path: ['bound'], message }];
}

function unbound(config: Checked, issuer: string): string {
  const claims = Object.entries(knowledgeOf(config).bind).map(([claim, values]) => {
    return `${claim}: ${values === 'from the token' ? "'VALUE'" : `[${values.join(', ')}]`}`;
  });
  return (
    `found no bound, expected the claims that the tokens of your jobs have. Write bound: { ${claims.join(', ')} } ` +
    'with your own VALUE (fairlead check --token shows the claims of a token), or bound: everyone to accept every ' +
    `token that ${issuer} issues`
  );
}

/** A claim alone could be the name of any user of another backend: the issuer chooses it, or a job does. */
function checkUsername({ username }: Checked): readonly Problem[] {
  const [part, ...others] = username?.parts ?? [];
  if (username === undefined || part === undefined || others.length > 0) return [];
  const isBare = username.before === '' && part.after === '';
  if (!isBare || (part.path.segments.length === 1 && part.path.segments[0] === 'sub')) return [];
  const message =
    `found ${username.text} alone, which can be the name of a user of another backend; expected text before it, ` +
    `such as ci:${username.text}`;
  return [{ path: ['username'], message }];
}

/** Whether a claim with these values identifies the operator as the owner of a job. */
function isOwners({ path, patterns }: BoundClaim, owners: readonly string[]): boolean {
  if (!owners.includes(path.text)) return false;
  return patterns.every(({ literal, text }) => literal !== undefined || text.slice(0, text.indexOf('*')).includes('/'));
}

function checkKeys({ issuer, keys, caFile, proxy }: Checked): readonly Problem[] {
  const problems: Problem[] = [];
  if (keys.file !== undefined && keys.url !== undefined) {
    problems.push({ path: ['keys'], message: 'expected one of url and file, found both' });
  }
  if (keys.bearer !== undefined && keys.url === undefined) {
    // The metadata of an issuer must not decide where a token of the broker is sent.
    problems.push({ path: ['keys', 'bearer'], message: 'expected beside url only: it is sent nowhere else' });
  }
  if (keys.file !== undefined && caFile !== undefined) {
    problems.push({ path: ['caFile'], message: 'expected no caFile beside keys.file: nothing is fetched' });
  }
  if (keys.file !== undefined && proxy !== undefined) {
    problems.push({ path: ['proxy'], message: 'expected no proxy beside keys.file: nothing is fetched' });
  }
  const isOnLoopback = [issuer, keys.url].some(
    (url) => url !== undefined && URL.canParse(url) && isLoopbackHttp(new URL(url)),
  );
  if (proxy !== undefined && isOnLoopback) {
    problems.push({ path: ['proxy'], message: 'expected none for an issuer on this machine' });
  }
  if (caFile !== undefined && keys.url !== undefined && isLoopbackHttp(new URL(keys.url))) {
    problems.push({ path: ['caFile'], message: 'expected no caFile beside an http url: there is no certificate' });
  }
  return problems;
}
