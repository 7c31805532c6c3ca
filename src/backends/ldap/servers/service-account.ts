/**
 * The account that searches. A wrong password of this one account would be sent with every login and soon lock it: so
 * one bind at a time tries a password that has not worked yet, and after a refusal nobody tries for a while.
 */
import { BrokerError } from '../../../core/errors.ts';
import type { Secret, SecretSource } from '../../../core/identity.ts';
import type { Clock, Log, RejectReason } from '../../../core/ports.ts';
import type { BindAnswer, Connection } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { DirectoryFault, faultOfResult, lateFault } from '../wire/fault.ts';
import { createGate } from './semaphore.ts';
import type { Gate } from './semaphore.ts';
import { judgeBind } from './judge-bind.ts';

export interface ServiceAccountDeps {
  /** The backend's name, for the log. */
  readonly backend: string;
  readonly dn: string;
  readonly password: SecretSource;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ServiceAccount {
  /** @throws DirectoryFault */
  bind(connection: Connection, deadline: Deadline): Promise<void>;
}

const FIRST_HOLD_MS = 5000;
const LAST_HOLD_MS = 60_000;
/** Binds to one server at the same time: fewer than the wrong passwords any directory locks an account for. */
const AT_ONCE = 3;
/** Who waits longer for others is better off with another server. */
const MAX_WAIT_MS = 1500;

interface Hold {
  /** The password that was refused: another one is tried at once. */
  readonly refused: string;
  readonly until: number;
  readonly milliseconds: number;
  readonly cause: string;
}

export function createServiceAccount({ backend, dn, password, clock, log }: ServiceAccountDeps): ServiceAccount {
  const gates = new Map<string, Gate>();
  let proven: string | undefined;
  let hold: Hold | undefined;

  function refuseWhileHeld(current: string): void {
    if (hold === undefined || hold.refused !== current) return;
    const left = hold.until - clock.monotonic();
    if (left <= 0) return;
    throw new DirectoryFault(
      'service-refused',
      `${hold.cause}; not tried again for a while, lest the account be locked`,
      {
        retryAfter: Math.ceil(left / 1000),
      },
    );
  }

  function note(current: string, answer: BindAnswer): void {
    if (answer.code === 0 && judgeBind(answer).kind === 'accepted') {
      if (hold !== undefined) log.info('the directory accepts the service account again', { backend });
      [proven, hold] = [current, undefined];
      return;
    }
    const fault = faultOfRefusal(dn, answer);
    if (fault.kind !== 'service-refused') throw fault;
    const refused = (ms: number): DirectoryFault => fault.but({ retryAfter: Math.ceil(ms / 1000) });
    const before = hold?.refused === current ? hold : undefined;
    // Of binds at the same time the first has said it all.
    if (before !== undefined && before.until > clock.monotonic()) throw refused(before.until - clock.monotonic());
    const milliseconds = Math.min(LAST_HOLD_MS, before === undefined ? FIRST_HOLD_MS : before.milliseconds * 2);
    hold = { refused: current, until: clock.monotonic() + milliseconds, milliseconds, cause: fault.message };
    if (proven === current) proven = undefined;
    log.error('the directory refuses the service account: nobody can log in; correct bind.dn and bind.password', {
      backend,
      cause: fault.message,
      againInSeconds: milliseconds / 1000,
    });
    throw refused(milliseconds);
  }

  function gateOf({ url }: Endpoint): Gate {
    const gate = gates.get(url) ?? createGate(AT_ONCE);
    gates.set(url, gate);
    return gate;
  }

  async function attempt(connection: Connection, secret: Secret, deadline: Deadline): Promise<void> {
    refuseWhileHeld(secret.reveal());
    note(secret.reveal(), await connection.bind(dn, secret, deadline));
  }

  return {
    bind: async (connection, deadline) => {
      const secret = await read(password);
      refuseWhileHeld(secret.reveal());
      const isProven = (): boolean => proven === secret.reveal();
      const now = (): Promise<void> => attempt(connection, secret, deadline);
      const inTurn = <T>(places: number, work: () => Promise<T>): Promise<T> =>
        gateOf(connection.endpoint).pass(
          places,
          deadline.within(MAX_WAIT_MS),
          () => lateFault(connection.endpoint.url, 'waiting to bind as the service account', deadline),
          work,
        );
      if (!isProven()) {
        const tried = await inTurn(AT_ONCE, async () => {
          // Those who waited find it proven, and need not go one by one.
          if (isProven()) return false;
          await now();
          return true;
        });
        if (tried) return;
      }
      await inTurn(1, now);
    },
  };
}

async function read(password: SecretSource): Promise<Secret> {
  try {
    const secret = await password.read();
    if (secret.reveal() !== '') return secret;
  } catch (cause) {
    throw new DirectoryFault('misconfigured', 'the password of the service account cannot be read', {
      cause: cause instanceof BrokerError ? (cause.cause ?? cause) : cause,
    });
  }
  // It would be an anonymous bind, which may succeed (RFC 4513, section 5.1.2).
  throw new DirectoryFault('misconfigured', 'the password of the service account is empty; correct bind.password');
}

/** Many directories tell a wrong password and a name that is nobody's alike. */
function cureOf(reason: RejectReason): string {
  return reason === 'wrong-password'
    ? 'there is no such account, or its password is another one: correct bind.dn or bind.password'
    : `the account itself cannot log in (${reason}): mend it in the directory`;
}

function faultOfRefusal(dn: string, answer: BindAnswer): DirectoryFault {
  const verdict = judgeBind(answer);
  const what = `binding as ${dn}`;
  switch (verdict.kind) {
    case 'rejected': {
      const said = answer.diagnostic === '' ? '' : ` (${answer.diagnostic})`;
      return new DirectoryFault(
        'service-refused',
        `${what}: refused, result ${answer.code}${said}: ${cureOf(verdict.reason)}`,
      );
    }
    case 'no-entry':
      return new DirectoryFault('service-refused', `${what}: no such entry, result ${answer.code}: correct bind.dn`);
    case 'accepted':
    case 'failed':
      return faultOfResult(answer.code, answer.diagnostic, what);
  }
}
