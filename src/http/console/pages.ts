/** The pages of the console, in the smallest form. */

export interface Page {
  /** The path of `publicUrl`. */
  readonly base: string;
  readonly now: number;
  readonly requestId: string;
  readonly person?: { readonly username: string; readonly backend: string; readonly isAdmin: boolean };
}

export interface SignInView {
  readonly providers: readonly { readonly name: string; readonly label: string }[];
  readonly hasForm: boolean;
  readonly username?: string;
  readonly problem?: string;
  readonly to: string;
}

export interface SignInRow {
  readonly id: string;
  readonly kind: 'browser' | 'docker' | 'helper';
  readonly program: string;
  readonly from: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly expiresAt: number;
  readonly isCurrent: boolean;
}

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const page = (title: string, content: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><h1>${escape(title)}</h1>${content}`;

export function signInPage(
  { base }: Page,
  { providers, hasForm, username = '', problem = '', to }: SignInView,
): string {
  const links = providers.map(
    ({ name, label }) => `<a href="${base}/sign-in/${name}?to=${encodeURIComponent(to)}">${escape(label)}</a>`,
  );
  const form = `<form method="post" action="${base}/sign-in"><input type="hidden" name="to" value="${escape(to)}">
    <input name="username" value="${escape(username)}"><input name="password" type="password"><button>Sign in</button></form>`;
  return page('Sign in', `<p>${escape(problem)}</p>${links.join('')}${hasForm ? form : ''}`);
}

export function signedOutPage({ base }: Page, { provider }: { readonly provider?: { readonly name: string } }): string {
  const there = provider === undefined ? '' : `<a href="${base}/sign-out/${provider.name}">Sign out there too</a>`;
  return page('You are signed out', there);
}

export function errorPage(
  { requestId }: Page,
  { title, advice }: { readonly title: string; readonly advice: string; readonly next?: 'sign-in' | 'console' },
): string {
  return page(title, `<p>${escape(advice)}</p><code>${requestId}</code>`);
}

export function signInsPage(
  _page: Page,
  { signIns, done = '' }: { readonly signIns: readonly SignInRow[]; readonly done?: string },
): string {
  const rows = signIns.map(({ id, program, from }) => `<li>${id} ${escape(program)} ${escape(from)}</li>`);
  return page('Your sign-ins', `<p>${escape(done)}</p><ul>${rows.join('')}</ul>`);
}

export function endSignInPage({ base }: Page, { id, program }: SignInRow): string {
  return page(
    `End the sign-in of ${program}?`,
    `<form method="post" action="${base}/console/sign-ins/${id}/end"><button>End</button></form>`,
  );
}

export function endOthersPage({ base }: Page, others: number): string {
  return page(
    `End ${others} other sign-ins?`,
    `<form method="post" action="${base}/console/sign-ins/end-others"><button>End</button></form>`,
  );
}
