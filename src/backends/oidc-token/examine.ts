/**
 * The examination of a token, in steps, up to the first that fails. A login uses the outcome and `check --token` the
 * steps, so that both do the same.
 */
import type { AuthnOutcome, Clock, Step, TokenFlaw } from '../../core/ports.ts';
import { presentClaim } from '../oidc/claim-path.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { identityOf } from './identity.ts';
import type { IdentityTemplates } from './identity.ts';
import { boundProblem } from './bound.ts';
import type { BoundClaim } from './bound.ts';
import { timesFlaw } from './times.ts';
import type { KeySet } from '../oidc/key-set.ts';
import { forLog } from '../oidc/for-log.ts';
import { signatureFlaw } from '../oidc/signature.ts';
import { parseIdToken } from './token.ts';
import type { ParsedToken } from '../oidc/token.ts';
import { missingHint } from './missing-claim.ts';
import type { Preset } from './presets/preset.ts';
import { isIssuedBy } from './trust-domain.ts';

interface ExamineDeps {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  readonly bound: readonly BoundClaim[];
  readonly preset: Preset;
  /** Seconds. */
  readonly maxLifetime: number;
  readonly identity: IdentityTemplates;
  readonly keySet: KeySet;
  readonly clock: Clock;
}

interface Examination {
  readonly steps: readonly Step[];
  readonly outcome: AuthnOutcome;
  /** The claims, once the signature is verified. */
  readonly verified?: Claims;
}

/** @throws BrokerError `backend_unavailable` when the keys of the issuer are not available */
type Examine = (text: string, signal: () => AbortSignal) => Promise<Examination>;

type Check = { readonly fine: string } | { readonly reason: TokenFlaw; readonly problem: string };

export function createExamine(deps: ExamineDeps): Examine {
  return async (text, signal) => {
    const token = parseIdToken(text);
    if (typeof token === 'string') return refusal([], { reason: 'malformed-token', problem: token });
    if (!isIssuedBy(token.claims, deps.issuer)) {
      const step = { ok: true, text: otherIssuer(token.claims['iss'], deps.issuer) };
      return { steps: [step], outcome: { kind: 'unknown-user' } };
    }
    const steps: Step[] = [{ ok: true, text: `its issuer is ${deps.issuer}` }];
    const checks = [checkAlgorithm, checkSignature, checkAudience, checkTimes, checkBound];
    let verified: { readonly verified?: Claims } = {};
    for (const check of checks) {
      const result = await check(token, deps, signal);
      if ('reason' in result) return { ...refusal(steps, result), ...verified };
      if (check === checkSignature) verified = { verified: token.claims };
      steps.push({ ok: true, text: result.fine });
    }
    const identity = identityOf(token.claims, deps.identity);
    if (typeof identity === 'string') {
      return { ...refusal(steps, { reason: 'unusable-claims', problem: identity }), ...verified };
    }
    steps.push({ ok: true, text: `the user is ${identity.username}` });
    const groups = [...identity.groups];
    steps.push({ ok: true, text: groups.length === 0 ? 'no group' : `the groups are ${groups.join(' ')}` });
    return { steps, outcome: { kind: 'authenticated', identity }, ...verified };
  };
}

function otherIssuer(found: unknown, issuer: string): string {
  const text = `its issuer is ${forLog(found)}, not ${issuer}`;
  if (typeof found !== 'string') return text;
  if (found === `${issuer}/` || `${found}/` === issuer) return `${text}: they differ by a / at the end`;
  return found.toLowerCase() === issuer.toLowerCase() ? `${text}: they differ in upper and lower case` : text;
}

function refusal(before: readonly Step[], { reason, problem }: Exclude<Check, { fine: string }>): Examination {
  const steps = [...before, { ok: false, text: `${reason}: ${problem}` }];
  return { steps, outcome: { kind: 'rejected', reason, detail: problem } };
}

function checkAlgorithm({ algorithm }: ParsedToken, { algorithms }: ExamineDeps): Check {
  if (algorithms.includes(algorithm)) return { fine: `its algorithm is ${algorithm}` };
  if (algorithm.toLowerCase() === 'none') return { reason: 'unsigned-token', problem: 'it is not signed (alg none)' };
  const problem = `the algorithm is ${forLog(algorithm)}, expected one of ${algorithms.join(', ')}`;
  return { reason: 'algorithm-not-allowed', problem };
}

async function checkSignature(token: ParsedToken, deps: ExamineDeps, signal: () => AbortSignal): Promise<Check> {
  const flaw = await signatureFlaw(token, deps.keySet, signal());
  return flaw ?? { fine: `it is signed with the issuer’s key ${forLog(token.keyId ?? 'without an id')}` };
}

function checkAudience({ claims }: ParsedToken, { audience }: ExamineDeps): Check {
  const found: readonly unknown[] = [claims['aud']].flat();
  const fitting = found.find((name) => typeof name === 'string' && audience.includes(name));
  if (typeof fitting === 'string') return { fine: `its audience is ${fitting}` };
  const problem = `the audience is ${forLog(claims['aud'])}, expected ${audience.join(' or ')}`;
  return { reason: 'wrong-audience', problem };
}

function checkTimes({ claims }: ParsedToken, { clock, maxLifetime }: ExamineDeps): Check {
  return timesFlaw(claims, clock.now(), maxLifetime) ?? { fine: 'it is in force' };
}

function checkBound({ claims }: ParsedToken, { bound, preset }: ExamineDeps): Check {
  for (const claim of bound) {
    const problem = boundProblem(claim, claims);
    if (problem === undefined) continue;
    const isMissing = presentClaim(claims, claim.path) === undefined;
    const hint = isMissing ? missingHint(preset, claim.path, claims) : '';
    return { reason: 'claim-not-bound', problem: problem + hint };
  }
  const names = bound.map(({ path }) => path.text).join(', ');
  return { fine: names === '' ? 'bound: everyone, so no claim is compared' : `bound as configured: ${names}` };
}
