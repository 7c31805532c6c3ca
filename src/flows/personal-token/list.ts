/** Finds personal tokens. */
import { isChosenAccount } from '../../core/account.ts';
import type { AccountChoice } from '../../core/account.ts';
import { personalTokenId } from '../../core/personal-token.ts';
import type { PersonalToken, TokenOwner } from '../../core/personal-token.ts';
import type { Entry, ListableStore } from '../../core/store.ts';

/** Which tokens are meant: all that fit everything that is given. `{}` means all. */
export interface TokenSelection {
  /** Public ids. */
  readonly ids?: readonly string[] | undefined;
  /** The tokens of an account itself, and those that it made for robots that end with it (`EndsWithUser`). */
  readonly account?: AccountChoice | undefined;
  /** The tokens of a robot, by its name in the configuration. */
  readonly robot?: string | undefined;
}

/** A token as it is shown: everything but the token itself. */
export interface ListedToken extends PersonalToken {
  readonly id: string;
}

/** Whether a robot belongs to users, so that its tokens end with the user who made them. No robot does by default. */
export type EndsWithUser = (robot: string) => boolean;

/** @throws BrokerError `records_unavailable` */
export async function listPersonalTokens(
  store: Pick<ListableStore<PersonalToken>, 'list'>,
  selection: TokenSelection,
): Promise<readonly ListedToken[]> {
  return (await selectedTokens(store, selection)).map(listed);
}

/** @throws BrokerError `records_unavailable` */
export async function selectedTokens(
  store: Pick<ListableStore<PersonalToken>, 'list'>,
  { ids, account, robot }: TokenSelection,
  endsWithUser: EndsWithUser = () => false,
): Promise<readonly Entry<PersonalToken>[]> {
  const chosen = ids === undefined ? undefined : new Set(ids);
  return (await store.list()).filter(
    ({ key, value: { owner } }) =>
      (chosen === undefined || chosen.has(personalTokenId(key))) &&
      (account === undefined || dependsOn(owner, account, endsWithUser)) &&
      (robot === undefined || (owner.kind === 'robot' && owner.robot === robot)),
  );
}

function dependsOn(owner: TokenOwner, account: AccountChoice, endsWithUser: EndsWithUser): boolean {
  if (owner.kind === 'account') return isChosenAccount(account, owner);
  return endsWithUser(owner.robot) && isChosenAccount(account, owner.createdBy);
}

export function listed({ key, value }: Entry<PersonalToken>): ListedToken {
  return { id: personalTokenId(key), ...value };
}
