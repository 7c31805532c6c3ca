/** Which account of a backend is meant, by people and by programs. */

/** What is stored of an account that has logged in. */
export interface KnownAccount {
  /** The configured name of the backend. */
  readonly backend: string;
  /** See `Identity.subject`. */
  readonly subject: string;
  /** The user name as typed at the login. */
  readonly login: string;
  /** The canonical user name. */
  readonly username: string;
}

/** One account by its id; or the accounts with a user name, at one backend or at all. */
export type AccountChoice =
  | { readonly backend: string; readonly subject: string }
  | { readonly user: string; readonly backend?: string | undefined };

export function isChosenAccount(choice: AccountChoice, account: KnownAccount): boolean {
  if (choice.backend !== undefined && choice.backend !== account.backend) return false;
  if ('subject' in choice) return choice.subject === account.subject;
  return choice.user === account.username || choice.user === account.login;
}
