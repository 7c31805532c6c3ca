/** One connection to one server: binds and searches, one at a time. After its end it cannot be used again. */
import type { Secret } from '../../../core/identity.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { decodePolicy, encodeBind } from './codec.ts';
import type { PasswordPolicyAnswer } from './codec.ts';
import { PASSWORD_POLICY, PolicyControl } from './control.ts';
import { createControlSupport } from './control-support.ts';
import type { ControlSupport } from './control-support.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { describeCertificate, dial } from './dial.ts';
import type { DialOptions } from './dial.ts';
import type { Endpoint } from './endpoint.ts';
import { DirectoryFault } from './fault.ts';
import { ANY_ENTRY, encodeFilter } from './filter.ts';
import { MessageSocket } from './message-socket.ts';
import { ANSWER } from './message.ts';
import type { LdapResult } from './message.ts';
import { RESULT } from './result-code.ts';
import { searchAll, searchOnce } from './search.ts';
import type { Reader, SearchRequest } from './search.ts';
import { operate } from './session.ts';
import type { Session } from './session.ts';

/** A server's answer to a bind. Any code but success is a refusal; `judge-bind.ts` interprets it. */
export interface BindAnswer extends LdapResult {
  /** Absent: the server sent no such control. */
  readonly policy?: PasswordPolicyAnswer;
}

/** Every method throws DirectoryFault when there is no answer; the connection is closed then. */
export interface LdapConnection extends Reader, Disposable {
  readonly endpoint: Endpoint;
  /**
   * @param asksForPolicy whether to ask for the state of the password where it is unknown whether the server supports
   *   that; default: `ConnectionOptions.assumesPasswordPolicy`
   */
  bind(dn: string, password: Secret, deadline: Deadline, asksForPolicy?: boolean): Promise<BindAnswer>;
  /** Reads which controls the server supports. Some servers end a connection that reads before a bind. */
  learnControls(deadline: Deadline): Promise<void>;
  /** Returns when the server answers a request and does not say that it is unavailable. */
  ping(deadline: Deadline): Promise<void>;
  /** A sentence about the server's certificate; undefined without TLS. */
  readonly certificate: string | undefined;
  readonly closed: boolean;
}

export interface ConnectionOptions extends DialOptions {
  /** Milliseconds for one bind or one search. */
  readonly operationTimeout: number;
  /** Whether a bind asks for the state of the password where it is unknown if the server supports it. Default: yes. */
  readonly assumesPasswordPolicy?: boolean;
}

/**
 * @param controls what is known about the server from its other connections
 * @throws DirectoryFault
 */
export async function openConnection(
  endpoint: Endpoint,
  options: ConnectionOptions,
  deadline: Deadline,
  controls: ControlSupport = createControlSupport(() => performance.now()),
): Promise<LdapConnection> {
  const socket = await dial(endpoint, options, deadline);
  const messages = new MessageSocket(socket, endpoint.url);
  const { operationTimeout, assumesPasswordPolicy = true } = options;
  const timer = new DeadlineTimer();
  const session: Session = { endpoint, messages, operationTimeout, controls, timer, isAnonymous: true };
  return {
    endpoint,
    get certificate() {
      return describeCertificate(socket);
    },
    get closed() {
      return messages.destroyed;
    },
    search: (request, until) =>
      request.limit === undefined && request.scope !== 'base'
        ? searchAll(session, request, until)
        : searchOnce(session, request, until),
    ping: async (until) => {
      const { code, diagnostic } = await searchOnce(session, ROOT_DSE, until);
      if (DOWN.has(code)) throw new DirectoryFault('unavailable', `${endpoint.url}: answers ${code} ${diagnostic}`);
    },
    learnControls: (until) => controls.learn(async () => (await searchOnce(session, CONTROLS, until)).entries[0]),
    bind: async (dn, password, until, asksForPolicy = assumesPasswordPolicy) => {
      const isAsked = controls.has(PASSWORD_POLICY) ?? asksForPolicy;
      session.isAnonymous = true;
      const answer = await bindOnce(session, dn, password, until, isAsked ? new PolicyControl() : undefined);
      session.isAnonymous = answer.code !== RESULT.success;
      return answer;
    },
    [Symbol.dispose]: () => messages.destroy(),
  };
}

function bindOnce(
  session: Session,
  dn: string,
  password: Secret,
  deadline: Deadline,
  control: PolicyControl | undefined,
): Promise<BindAnswer> {
  return operate(
    session,
    'binding',
    deadline,
    () => ({
      encode: (id) => encodeBind(id, dn, password.reveal(), control === undefined ? [] : [control]),
      endsWith: ANSWER.bind,
    }),
    ({ result, message, end }) => (control === undefined ? result : { ...result, ...decodePolicy(message, end) }),
  );
}

/** The entry about the server itself (RFC 4512, section 5.1), which every client may read. */
const ROOT_DSE: SearchRequest = { base: '', scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: [] };
const CONTROLS: SearchRequest = { ...ROOT_DSE, attributes: ['supportedControl'] };
/** After any other result the server is usable. */
const DOWN: ReadonlySet<number> = new Set([
  RESULT.strongerAuthRequired,
  RESULT.confidentialityRequired,
  RESULT.busy,
  RESULT.unavailable,
]);
