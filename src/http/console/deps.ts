/** What the pages for people are given: flows, and what they know of the broker. */
import type { RequestHandler, Response, Router } from 'express';
import type { AccountChoice } from '../../core/account.ts';
import type { Clock, Log } from '../../core/ports.ts';
import type { Sealing } from '../../core/sign-in.ts';
import type { Ending } from '../../flows/end-account.ts';
import type { ListedRefreshToken } from '../../flows/refresh-token/revoke.ts';
import type { EndSessions } from '../../flows/session/end.ts';
import type { FindSession } from '../../flows/session/find.ts';
import type { ListSessions } from '../../flows/session/list.ts';
import type { OpenSession } from '../../flows/session/open.ts';
import type { FormSignIn } from '../../flows/sign-in/form.ts';
import type { ProviderLogoutFlow } from '../../flows/sign-in/logout.ts';
import type { ProviderSignIn } from '../../flows/sign-in/provider.ts';
import type { Page } from '../../pages/page.ts';

export interface ConsoleDeps {
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** Of Fairlead, which those who are signed in see. */
  readonly version: string;
  /** Where people sign in. */
  readonly methods: SignInMethods;
  readonly signInWithForm: FormSignIn;
  readonly signInAtProvider: ProviderSignIn;
  readonly logoutAtProvider: ProviderLogoutFlow;
  readonly sessions: {
    readonly open: OpenSession;
    readonly find: FindSession;
    readonly list: ListSessions;
    readonly end: EndSessions;
  };
  readonly logins: ProgramLogins;
  /** Of the transactions of sign-ins, which browsers hold. */
  readonly sealing: Sealing;
  /** Further pages, below the same headers and checks. */
  readonly areas: readonly ConsoleArea[];
  readonly clock: Clock;
  readonly log: Log;
}

/** What docker and other programs keep of a login: refresh tokens. Both throw BrokerError `records_unavailable`. */
export interface ProgramLogins {
  list(account: AccountChoice): Promise<readonly ListedRefreshToken[]>;
  /** @returns how many have ended */
  end(account: AccountChoice, ids: readonly string[], ending: Ending): Promise<number>;
}

interface SignInMethods {
  /** The backends with sign-in in a browser, and what people call them. */
  readonly providers: readonly { readonly name: string; readonly label: string }[];
  /** Whether there is a backend for passwords. */
  readonly hasForm: boolean;
}

/** Pages that a feature adds, behind the headers and the check of the origin. */
export interface ConsoleArea {
  /** Paths of its own, in addition to those below `/console`: `/device`. */
  readonly folders?: readonly string[];
  /** A route is open to everybody unless `requireSession` or `requireAdmin` comes first in it. */
  addRoutes(router: Router, tools: ConsoleTools): void;
}

export interface ConsoleTools {
  /** Sends browsers without a session to the sign-in. `signedInOf` has the person afterwards. */
  readonly requireSession: RequestHandler;
  /** The same for administrators. Everybody else gets 404. */
  readonly requireAdmin: RequestHandler;
  /** The path of `publicUrl`, which each redirect begins with; may be empty. */
  readonly base: string;
  /** What each page is given: who is signed in, the id of the request, the addresses of the site. */
  readonly pageFor: (response: Response) => Page;
}
