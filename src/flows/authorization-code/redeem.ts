/** From a code to the login that a person has allowed. */
import { CODE_SECONDS, isCode, isVerifier } from '../../core/authorization-code.ts';
import type { AuthorizationCode } from '../../core/authorization-code.ts';
import { BrokerError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Secret } from '../../core/identity.ts';
import { helperEvent, loginOf } from '../approval.ts';
import type { ApprovedLogin } from '../approval.ts';
import type { CodeDeps } from './approve.ts';

interface CodeRedemption {
  readonly code: Secret;
  readonly verifier: Secret;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly service: string;
}

/** @throws BrokerError `code_refused` for every refusal; `backend_unavailable`; `records_unavailable` */
export type RedeemCode = (redemption: CodeRedemption, request: RequestContext) => Promise<ApprovedLogin>;

export function createRedeemCode(deps: CodeDeps): RedeemCode {
  return async (redemption, request) => {
    try {
      const record = await take(deps, redemption.code);
      const problem = problemOf(record, redemption, deps);
      if (problem !== undefined) throw new BrokerError('code_refused', problem);
      return await loginOf(deps, record.account);
    } catch (error) {
      if (error instanceof BrokerError && error.code === 'code_refused') {
        const { service } = redemption;
        deps.audit.record(
          helperEvent(request, { method: 'browser', outcome: 'refused', service, cause: error.message }),
        );
      }
      throw error;
    }
  };
}

/**
 * INVARIANT: of several requests with one code, at all brokers together, one gets its record, and it is the first. What
 * else the request has wrong is found afterwards: whoever has intercepted a code cannot try twice.
 */
async function take({ codes, secrets }: CodeDeps, code: Secret): Promise<AuthorizationCode> {
  if (!code.matches(isCode)) throw new BrokerError('code_refused', 'it does not have the form of a code');
  const digest = secrets.digest(code);
  const record = await codes.get(digest);
  if (record === undefined) throw new BrokerError('code_refused', 'the code was never issued, or has expired');
  if (record.state === 'used') throw new BrokerError('code_refused', 'the code was used before');
  const answer = await codes.replaceIf(digest, record, { ...record, state: 'used' }, CODE_SECONDS);
  if (answer !== 'replaced') throw new BrokerError('code_refused', 'the code was just used');
  return record;
}

function problemOf(record: AuthorizationCode, asked: CodeRedemption, { clock, secrets }: CodeDeps): string | undefined {
  if (record.expiresAt <= clock.now()) return 'the code has expired';
  if (record.clientId !== asked.clientId) return 'the code was issued to another client';
  if (record.redirectUri !== asked.redirectUri) return 'the code was issued for another redirect URI';
  if (record.service !== asked.service) return 'the code was issued for another service';
  if (!asked.verifier.matches(isVerifier)) return 'the verifier does not have the form of one';
  if (record.challenge !== secrets.challengeOf(asked.verifier)) return 'the verifier does not match the challenge';
  return undefined;
}
