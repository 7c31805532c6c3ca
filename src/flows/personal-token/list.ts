/** Lists and finds personal tokens. */
import { belongsTo, personalTokenId } from '../../core/personal-token.ts';
import type { AccountOwner, PersonalToken, TokenOwner } from '../../core/personal-token.ts';
import { robotUsername } from '../../core/robot.ts';
import type { Entry, ListableStore } from '../../core/store.ts';
import { ownerKey } from './owner.ts';

/** Which tokens are meant: all that fit everything that is given. `{}` means all. */
export interface TokenSelection {
  /** Public ids. */
  readonly ids?: readonly string[] | undefined;
  /** The user name of the owner, or the name as typed at the login; `robot:NAME` for a robot. */
  readonly user?: string | undefined;
  /** The tokens of exactly this owner. */
  readonly owner?: TokenOwner | undefined;
}

/** A token as it is shown: everything but the token itself. */
export interface ListedToken extends PersonalToken {
  readonly id: string;
}

/** @throws BrokerError `records_unavailable` */
export async function listPersonalTokens(
  store: Pick<ListableStore<PersonalToken>, 'list'>,
  selection: TokenSelection,
): Promise<readonly ListedToken[]> {
  return (await store.list()).filter((entry) => isSelected(entry, selection)).map(listed);
}

export function listed({ key, value }: Entry<PersonalToken>): ListedToken {
  return { id: personalTokenId(key), ...value };
}

export function isSelected({ key, value }: Entry<PersonalToken>, { ids, user, owner }: TokenSelection): boolean {
  if (ids !== undefined && !ids.includes(personalTokenId(key))) return false;
  if (owner !== undefined && ownerKey(owner) !== ownerKey(value.owner)) return false;
  return user === undefined || isOf(value.owner, user);
}

function isOf(owner: TokenOwner, user: string): boolean {
  return owner.kind === 'robot' ? user === robotUsername(owner.robot) : belongsTo(owner, user);
}

/** The account that an owner depends on: its own, or for a robot nobody's. */
export function accountOf(owner: TokenOwner): AccountOwner | undefined {
  return owner.kind === 'account' ? owner : undefined;
}
