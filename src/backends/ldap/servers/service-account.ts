/**
 * The service account, which searches. Every login uses it, so a wrong password would soon lock it. Therefore a password
 * that has not worked yet is tried by one bind at a time, and a refused one is not tried again at once.
 */
import { BrokerError } from '../../../core/errors.ts';
import type { Secret, SecretSource } from '../../../core/identity.ts';
import type { RejectReason } from '../../../core/ports.ts';
import type { LdapPresetName } from '../config/presets.ts';
import type { BindAnswer, LdapConnection } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { DirectoryFault, faultOfBind, lateFault } from '../wire/fault.ts';
import { createBindBackoff } from './bind-backoff.ts';
import type { BindBackoff, BindBackoffDeps } from './bind-backoff.ts';
import { judgeBind } from './judge-bind.ts';
import { createSemaphore } from './semaphore.ts';
import type { Semaphore } from './semaphore.ts';

interface ServiceAccountDeps extends BindBackoffDeps {
  /** The DN, or another name where the preset allows it. */
  readonly dn: string;
  /** Default: openldap. */
  readonly preset?: LdapPresetName;
  readonly password: SecretSource;
}

export interface ServiceAccount {
  /** @throws DirectoryFault */
  bind(connection: LdapConnection, deadline: Deadline): Promise<void>;
}

/** Binds to one server at the same time: fewer than the wrong passwords that lock an account in common directories. */
const MAX_CONCURRENT = 3;
/** After this time another server may be faster. */
const MAX_WAIT_MS = 1500;

export function createServiceAccount({
  dn,
  preset = 'openldap',
  password,
  ...deps
}: ServiceAccountDeps): ServiceAccount {
  const backoff = createBindBackoff(deps);
  const semaphores = new Map<string, Semaphore>();

  function semaphoreOf(url: string): Semaphore {
    const semaphore = semaphores.get(url) ?? createSemaphore(MAX_CONCURRENT);
    semaphores.set(url, semaphore);
    return semaphore;
  }

  return {
    bind: async (connection, deadline) => {
      const secret = await readPassword(password);
      const text = secret.reveal();
      backoff.check(text);
      const { url } = connection.endpoint;
      const late = () => lateFault(url, 'waiting to bind as the service account', deadline);
      const run = <T>(permits: number, work: () => Promise<T>): Promise<T> =>
        semaphoreOf(url).run(permits, deadline.within(MAX_WAIT_MS), late, work);
      const bind = (): Promise<void> => bindOnce(connection, { dn, preset }, secret, backoff, deadline);
      if (!backoff.isProven(text)) {
        // All permits, so that this bind is alone. Those that waited for it find a proven password.
        const isBound = await run(MAX_CONCURRENT, async () => {
          if (backoff.isProven(text)) return false;
          await bind();
          return true;
        });
        if (isBound) return;
      }
      await run(1, bind);
    },
  };
}

async function bindOnce(
  connection: LdapConnection,
  { dn, preset }: Required<Pick<ServiceAccountDeps, 'dn' | 'preset'>>,
  password: Secret,
  backoff: BindBackoff,
  deadline: Deadline,
): Promise<void> {
  backoff.check(password.reveal());
  // Not asked for where it is unknown whether the server supports the question: it is the first bind to the server.
  const answer = await connection.bind(dn, password, deadline, false);
  const fault = faultOfAnswer(dn, answer, preset);
  if (fault === undefined) return backoff.accepted(password.reveal());
  throw fault.kind === 'service-refused' ? backoff.refused(password.reveal(), fault) : fault;
}

async function readPassword(source: SecretSource): Promise<Secret> {
  try {
    const secret = await source.read();
    if (secret.reveal() !== '') return secret;
  } catch (cause) {
    throw new DirectoryFault('misconfigured', 'the password of the service account cannot be read', {
      cause: cause instanceof BrokerError ? (cause.cause ?? cause) : cause,
    });
  }
  // An empty password is an anonymous bind, which may succeed (RFC 4513, section 5.1.2).
  throw new DirectoryFault('misconfigured', 'the password of the service account is empty; correct bind.password');
}

/** @returns undefined when the bind succeeded */
function faultOfAnswer(dn: string, answer: BindAnswer, preset: LdapPresetName): DirectoryFault | undefined {
  const verdict = judgeBind(answer, preset);
  const what = `binding as ${dn}`;
  switch (verdict.kind) {
    case 'accepted':
      return undefined;
    case 'rejected': {
      const diagnostic = answer.diagnostic === '' ? '' : ` (${answer.diagnostic})`;
      return new DirectoryFault(
        'service-refused',
        `${what}: refused, result ${answer.code}${diagnostic}: ${adviceFor(verdict.reason)}`,
      );
    }
    case 'no-entry':
      return new DirectoryFault('service-refused', `${what}: no such entry, result ${answer.code}: correct bind.dn`);
    case 'failed':
      return faultOfBind(answer, what);
  }
}

/** Many directories give the same answer to a wrong password and to an unknown name. */
function adviceFor(reason: RejectReason): string {
  return reason === 'wrong-password'
    ? 'there is no such account, or the password is wrong: correct bind.dn or bind.password'
    : `the account cannot log in (${reason}): correct it in the directory`;
}
