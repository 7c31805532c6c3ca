/** Makes a personal token for a user by name, or for a robot of a user, on behalf of an operator. */
import type { RequestContext } from '../../core/events.ts';
import type { TokenOwner } from '../../core/personal-token.ts';
import { lookUpUser } from '../look-up-user.ts';
import type { Chain } from '../walk-chain.ts';
import type { IssuePersonalToken, TokenIssue, TokenOrder } from './issue.ts';
import { accountOwner } from './owner.ts';

/** A token that an operator asks for. */
export interface UserTokenOrder extends Omit<TokenOrder, 'owner' | 'creator'> {
  /** The name as the user would type it. */
  readonly user: string;
  /** The backend of the user; absent: the first one that knows the name. */
  readonly backend?: string | undefined;
  /** The name of a robot that the user owns, whose token it is; absent: the token is that of the user. */
  readonly robot?: string | undefined;
}

interface IssueForUserDeps extends Chain {
  readonly issue: IssuePersonalToken;
}

/** Throws what `IssuePersonalToken` throws. */
export async function issueForUser(
  { issue, ...chain }: IssueForUserDeps,
  { user, backend, robot, ...order }: UserTokenOrder,
  request: RequestContext,
): Promise<TokenIssue> {
  const backends = chain.backends.filter(({ authenticator: { name } }) => backend === undefined || name === backend);
  if (backends.length === 0) return refused(`the backend "${backend ?? ''}" is not configured`);
  const found = await lookUpUser({ ...chain, backends }, user);
  if (found.kind === 'not-found') {
    const { withoutLookUp } = found;
    const hint = withoutLookUp.length === 0 ? '' : ` (${withoutLookUp.join(', ')} cannot be asked without a password)`;
    return refused(`no backend knows the user "${user}"${hint}`);
  }
  const account = accountOwner(found.identity, user);
  if (account === undefined) {
    return refused(
      `the backend ${found.identity.backend} has no id for the account of ${user}, so no token is bound to it`,
    );
  }
  const owner: TokenOwner = robot === undefined ? account : { kind: 'robot', robot, createdBy: account };
  return issue({ ...order, owner, creator: { kind: 'operator' } }, request);
}

function refused(problem: string): TokenIssue {
  return { kind: 'refused', problem };
}
