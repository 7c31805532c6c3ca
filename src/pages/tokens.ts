/** The personal tokens of a person: the list, and the question before one is revoked. */
import { confirmPage } from './confirm.ts';
import { layout } from './layout.ts';
import type { Page } from './page.ts';
import { empty, heading, nameText, notice, rows } from './parts/blocks.ts';
import { filterField } from './parts/filter.ts';
import { html } from './template/html.ts';
import type { Html } from './template/html.ts';
import { tokenRights, tokenState, tokenTimes, tokenUse } from './token-view.ts';
import type { TokenView } from './token-view.ts';

interface TokensView {
  readonly tokens: readonly TokenView[];
  /** Whether a token has just been revoked. */
  readonly isRevoked?: boolean;
  /** The text by which the list is filtered. */
  readonly filter?: string;
}

/** A short list is read faster than it is filtered. */
const FILTER_FROM = 8;

export function tokensPage(page: Page, { tokens, isRevoked, filter }: TokensView): Html {
  const { url } = page.site;
  const asleep = tokens.filter(({ state }) => state === 'asleep').length;
  return layout(page, {
    title: 'Your tokens',
    section: 'tokens',
    content: [
      heading(
        'Your tokens',
        html`A token takes the place of your password in <code>docker login</code>. It may never do more than you may,
          and it ends with your account.`,
        html`<a class="button primary" href="${url`/console/tokens/new`}">Create a token</a>`,
      ),
      isRevoked === true &&
        notice('done', html`<p>The token is revoked. Programs that use it are refused from now on.</p>`),
      asleep > 0 && notice('warning', html`<p>${sleepSentence(asleep, page)}</p>`),
      (tokens.length >= FILTER_FROM || filter !== undefined) &&
        filterField(url`/console/tokens`, 'tokens', 'Filter by name, registry or repository', filter),
      tokens.length === 0
        ? empty(
            filter === undefined
              ? html`<p>You have no tokens yet.</p>
                  <p class="quiet">
                    <a href="${url`/console/tokens/new`}">Create one</a> for each computer or program, so that you can
                    revoke it alone.
                  </p>`
              : html`<p>No token has <code>${filter}</code> in it. <a href="${url`/console/tokens`}">Show all</a></p>`,
          )
        : rows(
            tokens.map((token) => tokenRow(page, token)),
            'Tokens',
            'tokens',
          ),
    ],
  });
}

function sleepSentence(count: number, { person }: Page): string {
  const tokens = count === 1 ? 'One token is asleep, and works' : `${count} tokens are asleep, and work`;
  return `${tokens} again after your next sign-in at ${person?.backend ?? 'your provider'}.`;
}

function tokenRow({ site: { url }, now }: Page, token: TokenView): Html {
  const { id, name, robot } = token;
  return html`<li data-filter-item>
    <div>
      <p><b>${name}</b> ${tokenState(token, now)}</p>
      <p class="quiet"><code>${id}</code>${robot !== undefined && html` for the robot <code>${robot}</code>`}</p>
    </div>
    <div>${tokenRights(token, 'you')}</div>
    <div>${tokenTimes(token, now)}</div>
    <div class="end">
      <a class="button bare danger" href="${url`/console/tokens/${id}/revoke`}"
        >Revoke<span class="hidden"> ${name}</span></a
      >
    </div>
  </li>`;
}

export function revokeTokenPage(page: Page, token: TokenView): Html {
  const { url } = page.site;
  return confirmPage(page, {
    section: 'tokens',
    title: `Revoke ${token.name}`,
    question: html`Revoke the token ${nameText(token.name)}?`,
    consequences: [
      token.used === undefined ? 'Nobody has used it yet.' : html`${tokenUse(token.used, page.now)}.`,
      'Programs that use it are refused from their next request on. This cannot be undone.',
    ],
    verb: html`Revoke ${nameText(token.name)}`,
    action: url`/console/tokens/${token.id}/revoke`,
    cancel: url`/console/tokens`,
  });
}
