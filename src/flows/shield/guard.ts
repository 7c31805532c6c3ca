/** Counts the attempts at one account, and refuses more before the directory locks it. */
import type { Deadline } from '../../core/deadline.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Credential } from '../../core/identity.ts';
import type { Attempt, Settlement } from '../../core/ledger.ts';
import type { AttemptGuard, Authenticator, AuthnOutcome, FleetAttempts } from '../../core/ports.ts';
import { accountBudgets } from './budgets.ts';
import type { LoginKeys } from './budgets.ts';
import type { ShieldDeps } from './settings.ts';

/** The guard of one login at one backend. */
interface LoginGuard extends AttemptGuard {
  /** The account as the backend found it; what was typed until then. */
  subject(): string;
  /** What the ledger is to record about the attempt. @param outcome undefined when there was none */
  settlement(outcome: AuthnOutcome | undefined): Settlement;
}

const KNOWN_WRONG: AuthnOutcome = { kind: 'rejected', reason: 'wrong-password' };
/**
 * Says only that the account is on hold. The real reason (locked, expired) is for those who sent the right password.
 */
const ON_HOLD: AuthnOutcome = { kind: 'rejected', reason: 'held' };
const TOO_MANY: AuthnOutcome = { kind: 'rejected', reason: 'too-many-attempts', limit: 'account' };

/** Whether the guard answered, and nothing was sent to the backend. */
export function isFromGuard(outcome: AuthnOutcome): boolean {
  return outcome === KNOWN_WRONG || outcome === ON_HOLD || outcome === TOO_MANY;
}

/** How often a login asks again while attempts are under way, in milliseconds. */
const ASK_AGAIN_MS = 50;

export function createGuard(
  { settings, fingerprint, ledger, ids, timer }: ShieldDeps,
  { name: backend, verifiesPasswords }: Authenticator,
  { username, password }: Credential,
  { trust, network, site }: Pick<LoginKeys, 'trust' | 'network' | 'site'>,
  deadline: Deadline,
): LoginGuard {
  let subject = username;
  let account = username;
  let attempt: Attempt | undefined;
  let fleetAttempts: FleetAttempts | undefined;
  const holdKey = (): string => fingerprint('hold', backend, account);

  async function reserve(): Promise<AuthnOutcome | undefined> {
    const budgets =
      verifiesPasswords === true ? [] : accountBudgets({ fingerprint, settings }, [backend, account], site);
    for (;;) {
      const reserved = await ledger.reserve({
        id: ids.next(),
        backend,
        password: fingerprint('wrong', backend, subject, password),
        account: holdKey(),
        budgets,
        trust,
      });
      switch (reserved.kind) {
        case 'go':
          attempt = reserved.attempt;
          if (ledger.isShared === true) fleetAttempts = { underWay: reserved.inFlight, counted: reserved.counted };
          return undefined;
        case 'known':
          return KNOWN_WRONG;
        case 'on-hold':
          return ON_HOLD;
        case 'full':
          return TOO_MANY;
        case 'busy':
          // Logins that are not trusted do not wait: they would pile up. In a fleet they do: after an outage of the store
          // the attempts under way can be this same login at other brokers, and a correct password would be refused.
          if (!reserved.isTrusted && ledger.isShared !== true) return TOO_MANY;
          if (deadline.left() === 0) return stillBusy();
          await timer.sleep(ASK_AGAIN_MS);
      }
    }
  }

  /** @throws BrokerError `backend_unavailable` in a fleet, where it is not known whether the limit allows this login */
  function stillBusy(): AuthnOutcome {
    if (ledger.isShared !== true) return TOO_MANY;
    throw new BrokerError('backend_unavailable', 'other attempts at this account are still under way');
  }

  return {
    ...(network === undefined ? {} : { network }),
    subject: () => subject,
    fleetAttempts: () => fleetAttempts,
    beforeAttempt: async (found, counted = found) => {
      if (attempt !== undefined) await ledger.settle({ outcome: 'none', attempt });
      attempt = undefined;
      fleetAttempts = undefined;
      subject = found;
      account = counted;
      return reserve();
    },
    settlement: (outcome) => ({
      outcome: resultOf(outcome),
      attempt,
      knownSeconds: settings.rememberWrong,
      ...(outcome?.kind === 'rejected' && outcome.holdFor !== undefined && settings.rememberRefused > 0
        ? { hold: { account: holdKey(), seconds: outcome.holdFor } }
        : {}),
    }),
  };
}

function resultOf(outcome: AuthnOutcome | undefined): Settlement['outcome'] {
  if (outcome?.kind === 'authenticated') return 'success';
  return outcome?.kind === 'rejected' && outcome.reason === 'wrong-password' ? 'wrong' : 'none';
}
