/** Where a person is signed in: browsers, programs that docker login or the credential helper signed in. */
import { confirmPage } from './confirm.ts';
import { layout } from './layout.ts';
import type { Page } from './page.ts';
import { badge, empty, heading, nameText, notice, rows } from './parts/blocks.ts';
import { programName } from './parts/program.ts';
import { exact, relative } from './parts/time.ts';
import { html } from './template/html.ts';
import type { Html } from './template/html.ts';

/** A session of a browser, or a login that a program keeps. */
export interface SignInRow {
  readonly id: string;
  readonly kind: 'browser' | 'docker' | 'helper';
  /** The program by the name that it sends: `docker`, the name and system of a browser. */
  readonly program: string;
  readonly from: string;
  /** The registry that a login is for. */
  readonly service?: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly expiresAt: number;
  /** Whether its account only lacks a sign-in. */
  readonly isAsleep?: boolean;
  /** Whether it is the session that asks. */
  readonly isCurrent: boolean;
}

export interface SignInsView {
  readonly signIns: readonly SignInRow[];
  /** What has just been ended. */
  readonly ended?: 'one' | 'others' | undefined;
}

const ENDED = { one: 'The sign-in has ended.', others: 'All other sign-ins have ended.' } as const;

const KINDS = { browser: 'browser', docker: 'docker login', helper: 'credential helper' } as const;

export function signInsPage(page: Page, { signIns, ended }: SignInsView): Html {
  const { url } = page.site;
  const others = signIns.filter(({ isCurrent }) => !isCurrent).length;
  return layout(page, {
    title: 'Your sign-ins',
    section: 'sign-ins',
    content: [
      heading(
        'Your sign-ins',
        'Browsers and programs that are signed in as you. End what you do not know.',
        others > 0 && html`<a class="button" href="${url`/console/sign-ins/end-others`}">End all others</a>`,
      ),
      ended !== undefined && notice('done', html`<p>${ENDED[ended]}</p>`),
      signIns.length === 0
        ? empty(html`<p>Nothing is signed in as you.</p>`)
        : rows(
            signIns.map((row) => signInRow(page, row)),
            'Sign-ins',
          ),
    ],
  });
}

function signInRow({ site: { url }, now }: Page, row: SignInRow): Html {
  const { id, kind, program, from, service, createdAt, usedAt, expiresAt, isCurrent } = row;
  return html`<li>
    <div>
      <p><b>${programName(program)}</b> ${isCurrent ? badge('this browser', 'good') : badge(KINDS[kind])}</p>
      <p class="quiet">${service === undefined ? 'console' : html`<code>${service}</code>`}</p>
    </div>
    <div>
      <p>From <code>${from}</code></p>
      <p class="quiet">since ${exact(createdAt)}</p>
    </div>
    <div>
      <p>Used ${relative(usedAt, now)}</p>
      <p class="quiet">Ends ${relative(expiresAt, now)}</p>
    </div>
    <div class="end">
      <a class="button bare danger" href="${url`/console/sign-ins/${id}/end`}"
        >End<span class="hidden"> ${nameText(programName(program))} from ${from}</span></a
      >
    </div>
  </li>`;
}

export function endSignInPage(page: Page, row: SignInRow): Html {
  const { url } = page.site;
  return confirmPage(page, {
    section: 'sign-ins',
    title: `End the sign-in of ${programName(row.program)}`,
    question: html`End the sign-in of ${nameText(programName(row.program))}?`,
    consequences: [
      html`Used ${relative(row.usedAt, page.now)} from <code>${row.from}</code>.`,
      row.isCurrent ? 'This is the browser that you use now. You will be signed out.' : 'It has to sign in again.',
    ],
    verb: 'End this sign-in',
    action: url`/console/sign-ins/${row.id}/end`,
    cancel: url`/console/sign-ins`,
  });
}

export function endOthersPage(page: Page, others: number): Html {
  const { url } = page.site;
  return confirmPage(page, {
    section: 'sign-ins',
    title: 'End all other sign-ins',
    question: 'End all other sign-ins?',
    consequences: [
      `${others === 1 ? 'One browser or program has' : `${others} browsers and programs have`} to sign in again. ` +
        'Your tokens stay valid.',
    ],
    verb: 'End all others',
    action: url`/console/sign-ins/end-others`,
    cancel: url`/console/sign-ins`,
  });
}
