/**
 * Microsoft Graph, asked with a token of the broker (client credentials): for the groups that Entra ID leaves out of a token
 * because they are too many, and for accounts while nobody is at the browser. The address comes from the configuration;
 * `_claim_sources` in the token of the user is never followed.
 */
import { isObject } from '../../../core/is-object.ts';
import { BrokerError } from '../../../core/errors.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import type { Claims } from '../claim-path.ts';
import { MAX_GROUPS } from '../../names.ts';
import { createApplicationClient } from './application-client.ts';
import type { ApplicationAnswer, ApplicationRequest } from './application-client.ts';
import { describeFault } from './fault.ts';
import type { Fault } from './fault.ts';
import type { Session } from './provider.ts';

export interface Graph {
  /**
   * @param claims of the user's ID token
   * @returns the ids of all security groups the user is in, as a source of the claim `groups`
   * @throws BrokerError `backend_unavailable` when they cannot be read completely
   */
  groupsOf(session: Session, claims: Claims): Promise<Claims>;
  /**
   * @param id the object id of a user; the claim `oid` of their tokens
   * @returns undefined when there is no such user any more
   * @throws BrokerError `backend_unavailable` when the account cannot be read completely
   */
  accountOf(session: Session, id: string): Promise<GraphAccount | undefined>;
}

interface GraphAccount {
  readonly isEnabled: boolean;
  /** The user principal name. */
  readonly name: string;
  /** As `Graph.groupsOf`. */
  readonly groups: Claims;
}

interface GraphDeps {
  readonly backend: string;
  /** Such as `https://graph.microsoft.com/v1.0`. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a request is for, in the words of an error. */
interface Purpose {
  readonly because: string;
  readonly message: string;
  /** What else helps where the permissions are missing. */
  readonly otherCure?: string;
}

const OVERAGE: Purpose = {
  because: 'the user has more groups than the ID token lists, and',
  message: 'groups from Microsoft Graph not complete',
  otherCure: ', or let the provider give only the groups assigned to this client',
};
const ACCOUNT: Purpose = { because: 'the account cannot be checked:', message: 'account at Microsoft Graph not read' };

const MAX_PAGES = 20;
const OBJECT_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const PERMISSION =
  'give the application permissions User.Read.All and GroupMember.Read.All to this client, with consent';

/** @returns the object id in the claims of a user; undefined: there is none */
export function objectId({ oid }: Claims): string | undefined {
  return typeof oid === 'string' && OBJECT_ID.test(oid) ? oid : undefined;
}

export function createGraph({ backend, url, clock, log }: GraphDeps): Graph {
  const base = url.replace(/(?<!\/)\/+$/, '');
  const client = createApplicationClient(clock, `${new URL(base).origin}/.default`);

  function failure({ because, message, otherCure = '' }: Purpose, what: string, fault?: Fault): BrokerError {
    const isRefusal = fault?.kind === 'answer' && fault.status >= 400 && fault.status < 500 && fault.status !== 429;
    const cause = `${because} ${what}${isRefusal ? `: ${PERMISSION}${otherCure}` : ''}`;
    log.error(message, { backend, cause });
    const retryAfter = fault?.kind === 'answer' ? fault.retryAfter : undefined;
    return new BrokerError('backend_unavailable', cause, retryAfter === undefined ? {} : { retryAfter });
  }

  async function ask(session: Session, request: ApplicationRequest, purpose: Purpose): Promise<ApplicationAnswer> {
    const answer = await client.request(session, request);
    if (answer.kind !== 'no-token') return answer;
    const what = `the token endpoint gives no token for Microsoft Graph: it ${describeFault(answer.fault)}`;
    throw failure(purpose, what, answer.fault);
  }

  function objectIn(answer: ApplicationAnswer, purpose: Purpose): Claims {
    if (answer.kind !== 'json') throw failure(purpose, `Microsoft Graph ${describeFault(answer.fault)}`, answer.fault);
    if (isObject(answer.json)) return answer.json;
    throw failure(purpose, 'Microsoft Graph gave an answer that cannot be used: it is no JSON object');
  }

  /** The token for Graph is sent to Graph only, and never to another address that a page names. */
  function nextPage(link: unknown, purpose: Purpose): URL | undefined {
    if (link === undefined) return undefined;
    const next = typeof link === 'string' && URL.canParse(link) ? new URL(link) : undefined;
    if (next === undefined || !next.href.startsWith(`${base}/`)) {
      throw failure(purpose, 'Microsoft Graph names a next page that is not below its own address');
    }
    return next;
  }

  async function readGroups(session: Session, id: string, purpose: Purpose): Promise<Claims> {
    const groups: string[] = [];
    let page: URL | undefined = new URL(`${base}/users/${id}/getMemberObjects`);
    for (let count = 0; page !== undefined; count += 1) {
      if (count === MAX_PAGES) throw failure(purpose, `Microsoft Graph gives more than ${MAX_PAGES} pages of groups`);
      // Users may found and fill the other ones: Microsoft 365 groups and distribution lists.
      const body = count === 0 ? { body: '{"securityEnabledOnly":true}' } : {};
      const answer = await ask(session, { url: page.href, ...body }, purpose);
      const { value, '@odata.nextLink': next } = objectIn(answer, purpose);
      if (!Array.isArray(value) || !value.every((group) => typeof group === 'string')) {
        throw failure(purpose, 'Microsoft Graph gives an answer without a list of ids');
      }
      groups.push(...value);
      if (groups.length > MAX_GROUPS) {
        throw failure(purpose, `there are more than ${MAX_GROUPS} groups, which are not read`);
      }
      page = nextPage(next, purpose);
    }
    return { groups };
  }

  return {
    groupsOf: async (session, claims) => {
      const id = objectId(claims);
      if (id === undefined) throw failure(OVERAGE, 'it has no claim oid by which Microsoft Graph knows the user');
      return readGroups(session, id, OVERAGE);
    },
    accountOf: async (session, id) => {
      const page = `${base}/users/${id}?$select=id,accountEnabled,userPrincipalName`;
      const answer = await ask(session, { url: page }, ACCOUNT);
      if (answer.kind === 'not-found' && isMissingUser(answer.json)) return undefined;
      const { id: found, accountEnabled: isEnabled, userPrincipalName: name } = objectIn(answer, ACCOUNT);
      if (found !== id || typeof isEnabled !== 'boolean' || typeof name !== 'string') {
        throw failure(ACCOUNT, 'Microsoft Graph does not say of this user whether the account is enabled');
      }
      const groups = isEnabled ? await readGroups(session, id, ACCOUNT) : {};
      return { isEnabled, name, groups };
    },
  };
}

/** A 404 of a proxy, or for a wrong address, says nothing about the user. */
function isMissingUser(json: unknown): boolean {
  const error = isObject(json) ? json['error'] : undefined;
  return isObject(error) && error['code'] === 'Request_ResourceNotFound';
}
