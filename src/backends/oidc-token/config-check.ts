/** What must hold between the keys of an oidc-token backend. */
import { isLoopbackHttp } from '../http-client/address.ts';
import { parseBound } from './bound.ts';
import type { BoundClaim } from './bound.ts';
import { audienceProblem, issuerOf, PUBLIC_ISSUERS } from './presets.ts';
import type { PresetName } from './presets.ts';

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The keys that depend on each other. */
interface Checked {
  readonly preset: PresetName;
  readonly issuer?: string | undefined;
  readonly audience: readonly string[];
  readonly bound: Readonly<Record<string, Parameters<typeof parseBound>[1]>>;
  readonly keys: { readonly url?: string | undefined; readonly file?: unknown; readonly bearer?: unknown };
  readonly caFile?: unknown;
  readonly proxy?: string | undefined;
}

export function checkOidcTokenConfig(config: Checked): readonly Problem[] {
  const issuer = issuerOf(config);
  if (issuer === undefined) return [{ path: [], message: 'expected an issuer, or a preset that has one' }];
  return [...checkAudience(config, issuer), ...checkBound(config, issuer), ...checkKeys(config)];
}

function checkAudience({ audience }: Checked, issuer: string): readonly Problem[] {
  return audience.flatMap((text) => {
    const problem = audienceProblem(text, issuer);
    return problem === undefined ? [] : [{ path: ['audience'], message: `found "${text}": ${problem}` }];
  });
}

function checkBound({ bound }: Checked, issuer: string): readonly Problem[] {
  const parsed = Object.entries(bound).map(([claim, values]) => ({ claim, result: parseBound(claim, values) }));
  const problems = parsed.flatMap(({ claim, result }) =>
    typeof result === 'string' ? [{ path: ['bound', claim], message: result }] : [],
  );
  const owners = PUBLIC_ISSUERS[issuer];
  if (problems.length > 0 || owners === undefined) return problems;
  const claims = parsed.flatMap(({ result }) => (typeof result === 'string' ? [] : [result]));
  if (claims.some((claim) => isOwners(claim, owners))) return [];
  const named = owners.slice(0, 4).join(', ');
  const found =
    Object.keys(bound).length === 0 ? 'nothing bound' : 'no claim that distinguishes your jobs from those of others';
  const message =
    `anybody can get a token of ${issuer}: found ${found}, expected a claim that says whose it is (${named}) ` +
    'with an exact value, or a pattern with the owner and a / before its first *';
  return [{ path: Object.keys(bound).length === 0 ? [] : ['bound'], message }];
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
