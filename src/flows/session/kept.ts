/** The sessions of an account, for `createEndAccount`. */
import { isChosenAccount } from '../../core/account.ts';
import { sessionId } from '../../core/session.ts';
import type { KeptCredentials } from '../end-account.ts';
import type { SessionDeps } from './deps.ts';

export function keptSessions({ store, audit }: Pick<SessionDeps, 'store' | 'audit'>): KeptCredentials {
  return {
    what: 'sessions',
    endOf: async (account, { request, by, cause = `ended by ${by}` }) => {
      const found = (await store.list()).filter(({ value }) => isChosenAccount(account, value));
      await store.removeAll(found.map(({ key }) => key));
      for (const { key, value } of found) {
        const { username, backend } = value;
        audit.record({ type: 'session', request, outcome: 'ended', id: sessionId(key), username, backend, cause });
      }
      return found.length;
    },
  };
}
