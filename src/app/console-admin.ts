/** What the pages about people and the fleet show, from the stored credentials and the shared store. */
import { isChosenAccount } from '../core/account.ts';
import type { AccountChoice } from '../core/account.ts';
import type { PersonalToken } from '../core/personal-token.ts';
import type { Audit, Clock } from '../core/ports.ts';
import type { RecentDecisions } from '../core/recent-decision.ts';
import type { Robots } from '../core/robot.ts';
import { sessionId } from '../core/session.ts';
import type { ListableStore } from '../core/store.ts';
import type { ChainedBackend } from '../flows/chain.ts';
import { accountFinder, createEndAccount } from '../flows/end-account.ts';
import type { Ending } from '../flows/end-account.ts';
import { lookUpUser } from '../flows/look-up-user.ts';
import { nothingEndedHint, otherSpellings } from '../flows/other-spellings.ts';
import { listPersonalTokens } from '../flows/personal-token/list.ts';
import { listRefreshTokens } from '../flows/refresh-token/revoke.ts';
import type { AdminAreaDeps } from '../http/console/admin.ts';
import { tokenView } from '../http/console/token-row.ts';
import type { PersonView } from '../pages/admin/people.ts';
import { differingRevisions } from '../platform/valkey/fleet-differences.ts';
import type { SharedFleet } from '../platform/valkey/shared-store.ts';
import type { Records } from '../platform/store/records.ts';
import { endableCredentials } from './api/endable-credentials.ts';
import type { FindAsleep } from './asleep.ts';
import { endsWithUserOf } from './api/shown-tokens.ts';
import { tokenStoresIn } from './token-stores.ts';

export interface AdminDeps {
  readonly recent: RecentDecisions;
  readonly backends: readonly ChainedBackend[];
  readonly records: Pick<Records, 'store'>;
  /** Makes all brokers sign new tokens instead of giving out earlier ones again. Never throws. */
  readonly onRevoked: () => Promise<void>;
  /** Ends the cached logins of all backends. */
  readonly endLogins: () => Promise<void>;
  readonly fleet: SharedFleet | undefined;
  readonly robots: Robots;
  readonly findAsleep: FindAsleep;
  readonly audit: Audit;
  readonly clock: Clock;
}

export function adminDeps(deps: AdminDeps): AdminAreaDeps {
  return {
    recent: deps.recent,
    fleet: () => fleetNow(deps.fleet),
    person: (name) => personNow(name, deps),
    otherSpellings: (name) => otherSpellings(name, tokenStoresIn(deps.records, deps.clock)),
    endPerson: (name, ending) => endPerson(name, ending, deps),
  };
}

function fleetNow(fleet: SharedFleet | undefined) {
  if (fleet === undefined) return { brokers: undefined, differing: [], unreadable: 0 };
  const members = fleet.members();
  const down = fleet.down();
  return {
    brokers: members.map(({ id, name, ageMs, revisions, backends }) => ({
      name,
      isThisOne: id === fleet.id,
      silentFor: Math.round(ageMs / 1000),
      revisions,
      ...(backends === undefined ? {} : { backends }),
    })),
    differing: differingRevisions(members).map(({ kind }) => kind),
    unreadable: fleet.unreadable(),
    ...(down === undefined ? {} : { down }),
  };
}

async function personNow(name: string, deps: AdminDeps): Promise<Omit<PersonView, 'decisions'> | undefined> {
  const { clock, backends, records } = deps;
  const stores = tokenStoresIn(records, clock);
  const found = await lookUp(name, { backends, clock });
  // A directory may find the user in another spelling than the one under which everything is issued.
  const username = found?.username ?? name;
  const account = { user: username };
  const tokens = await listPersonalTokens(stores.personalTokens, { account });
  const robotTokens = await createdForRobots(account, stores.personalTokens, deps);
  const logins = await listRefreshTokens(stores.refreshTokens, { account });
  const sessions = (await stores.sessions.list()).filter(({ value }) => isChosenAccount(account, value));
  if (found === undefined && tokens.length + robotTokens.length + logins.length + sessions.length === 0)
    return undefined;
  const isAsleep = await deps.findAsleep([
    ...tokens.map(({ owner }) => owner),
    ...logins,
    ...sessions.map(({ value }) => value),
  ]);
  return {
    ...found,
    username,
    tokens: tokens.map((token) => tokenView(token, clock.now(), isAsleep(token.owner))),
    signIns: [
      ...sessions.map(({ key, value }) => {
        const { program, client, createdAt, usedAt, expiresAt } = value;
        const state = { createdAt, usedAt, expiresAt, isAsleep: isAsleep(value), isCurrent: false };
        return { id: sessionId(key), kind: 'browser' as const, program, from: client, ...state };
      }),
      ...logins.map((login) => {
        const { id, clientId, client, service, createdAt, usedAt, expiresAt } = login;
        const state = { createdAt, usedAt, expiresAt, isAsleep: isAsleep(login), isCurrent: false };
        return { id, kind: 'docker' as const, program: clientId, from: client, service, ...state };
      }),
    ],
    robotTokens,
  };
}

async function createdForRobots(
  account: AccountChoice,
  store: Pick<ListableStore<PersonalToken>, 'list'>,
  { robots, clock }: Pick<AdminDeps, 'robots' | 'clock'>,
): Promise<PersonView['robotTokens']> {
  const endsWithUser = endsWithUserOf(robots);
  return (await listPersonalTokens(store, {})).flatMap((token) => {
    const { owner } = token;
    if (owner.kind !== 'robot' || !isChosenAccount(account, owner.createdBy)) return [];
    return [{ token: tokenView(token, clock.now()), endsWithPerson: endsWithUser(owner.robot) }];
  });
}

async function lookUp(
  name: string,
  chain: Pick<AdminDeps, 'backends' | 'clock'>,
): Promise<Partial<Pick<PersonView, 'username' | 'account' | 'problem'>> | undefined> {
  try {
    const found = await lookUpUser(chain, name);
    if (found.kind === 'not-found') return undefined;
    const { username, backend, groups } = found.identity;
    return { username, account: { backend, groups: [...groups].toSorted() } };
  } catch {
    return { problem: 'A backend does not answer, so the groups are not known.' };
  }
}

async function endPerson(name: string, ending: Ending, deps: AdminDeps): Promise<string> {
  const { records, clock, audit } = deps;
  const stores = tokenStoresIn(records, clock);
  const kinds = endableCredentials(stores, { audit, robots: deps.robots });
  const end = createEndAccount(kinds, accountFinder(deps));
  const outcome = await end({ user: name }, ending);
  await deps.onRevoked();
  const { ended, failed } = outcome;
  const lasting = [...failed.map(({ what }) => what), ...(await lastingLogins(deps))];
  const hint = await nothingEndedHint(name, outcome, stores);
  if (hint !== undefined && lasting.length === 0) return `Nothing was ended: ${hint}`;
  if (lasting.length > 0) return `Not everything has ended: ${lasting.join(', ')} could not be ended. Try again.`;
  const some = ended.filter(({ count }) => count > 0);
  return `Ended: ${some.map(({ what, count }) => `${count} ${count === 1 ? singular(what) : what}`).join(', ')}.`;
}

/** `personal tokens`, `allowed logins of programs` */
function singular(what: string): string {
  return what.replace(/s(?= of|$)/, '');
}

/** @returns what of the cached logins could not be ended */
async function lastingLogins({ endLogins }: AdminDeps): Promise<readonly string[]> {
  try {
    await endLogins();
    return [];
  } catch {
    return ['cached logins'];
  }
}
