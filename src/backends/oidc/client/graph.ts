/**
 * Reads the groups that Entra ID leaves out of a token because they are too many, from Microsoft Graph, with a token of
 * the broker (client credentials). The address comes from the configuration; `_claim_sources` in the token of the user
 * is never followed.
 */
import { clientCredentialsGrant } from 'openid-client';
import { BrokerError } from '../../../core/errors.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import { isObject } from '../claim-path.ts';
import type { Claims } from '../claim-path.ts';
import { MAX_GROUPS } from '../../names.ts';
import { describeFault, faultOf, readFault } from './fault.ts';
import type { Fault } from './fault.ts';
import type { Session } from './provider.ts';

export interface Graph {
  /**
   * @param claims of the user's ID token
   * @returns the ids of all security groups the user is in, as a source of the claim `groups`
   * @throws BrokerError `backend_unavailable` when they cannot be read completely
   */
  groupsOf(session: Session, claims: Claims): Promise<Claims>;
}

interface GraphDeps {
  readonly backend: string;
  /** Such as `https://graph.microsoft.com/v1.0`. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
}

const MAX_PAGES = 20;
const OBJECT_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** A token is renewed this long before it ends, so that it does not end during a request. */
const MARGIN_SECONDS = 60;
const PERMISSION =
  'give the application permissions User.Read.All and GroupMember.Read.All to this client, with consent';

export function createGraph({ backend, url, clock, log }: GraphDeps): Graph {
  const base = url.replace(/(?<!\/)\/+$/, '');
  const { origin } = new URL(base);
  let cached: { readonly token: string; readonly until: number } | undefined;

  function failure(what: string, fault?: Fault): BrokerError {
    const isRefusal = fault?.kind === 'answer' && fault.status >= 400 && fault.status < 500 && fault.status !== 429;
    const cure = isRefusal ? `: ${PERMISSION}, or let the provider give only the groups assigned to this client` : '';
    const message = `the user has more groups than the ID token lists, and ${what}${cure}`;
    log.error('groups from Microsoft Graph not complete', { backend, cause: message });
    const retryAfter = fault?.kind === 'answer' ? fault.retryAfter : undefined;
    return new BrokerError('backend_unavailable', message, retryAfter === undefined ? {} : { retryAfter });
  }

  async function applicationToken(session: Session): Promise<string> {
    if (cached !== undefined && clock.monotonic() < cached.until) return cached.token;
    try {
      const granted = await clientCredentialsGrant(session.configuration, { scope: `${origin}/.default` });
      const seconds = Math.max(0, (granted.expiresIn() ?? 0) - MARGIN_SECONDS);
      cached = { token: granted.access_token, until: clock.monotonic() + seconds * 1000 };
      return granted.access_token;
    } catch (error) {
      const fault = await readFault(error, session.secrets);
      throw failure(`the token endpoint gives no token for Microsoft Graph: it ${describeFault(fault)}`, fault);
    }
  }

  async function fetchPage(session: Session, page: URL, isFirst: boolean): Promise<Claims> {
    const headers = { authorization: `Bearer ${await applicationToken(session)}`, accept: 'application/json' };
    const question = isFirst
      ? {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          // Users may found and fill the other ones: Microsoft 365 groups and distribution lists.
          body: '{"securityEnabledOnly":true}',
        }
      : { method: 'GET', headers };
    let fault: Fault;
    try {
      const answer = await session.fetch(page.href, question);
      const body: unknown = answer.status === 200 ? await answer.json().catch(() => undefined) : undefined;
      if (isObject(body)) return body;
      fault = await faultOf(answer);
    } catch (error) {
      fault = await readFault(error);
    }
    if (fault.kind === 'answer' && fault.status === 401) cached = undefined;
    throw failure(`Microsoft Graph ${describeFault(fault)}`, fault);
  }

  /** The token for Graph is sent to Graph only, and never to another address that a page names. */
  function nextPage(link: unknown): URL | undefined {
    if (link === undefined) return undefined;
    const next = typeof link === 'string' && URL.canParse(link) ? new URL(link) : undefined;
    if (next === undefined || !next.href.startsWith(`${base}/`)) {
      throw failure('Microsoft Graph names a next page that is not below its own address');
    }
    return next;
  }

  return {
    groupsOf: async (session, { oid }) => {
      if (typeof oid !== 'string' || !OBJECT_ID.test(oid)) {
        throw failure('it has no claim oid by which Microsoft Graph knows the user');
      }
      const groups: string[] = [];
      let page: URL | undefined = new URL(`${base}/users/${oid}/getMemberObjects`);
      for (let count = 0; page !== undefined; count += 1) {
        if (count === MAX_PAGES) throw failure(`Microsoft Graph gives more than ${MAX_PAGES} pages of them`);
        const { value, '@odata.nextLink': next } = await fetchPage(session, page, count === 0);
        if (!Array.isArray(value) || !value.every((id) => typeof id === 'string')) {
          throw failure('Microsoft Graph gives an answer without a list of ids');
        }
        groups.push(...value);
        if (groups.length > MAX_GROUPS) throw failure(`there are more than ${MAX_GROUPS}, which are not read`);
        page = nextPage(next);
      }
      return { groups };
    },
  };
}
