/** Asks once before something ends, and says what stops working. */
import { layout } from './layout.ts';
import type { Section } from './layout.ts';
import type { Page } from './page.ts';
import { heading } from './parts/blocks.ts';
import { html } from './template/html.ts';
import type { Content, Html } from './template/html.ts';
import type { Url } from './template/url.ts';

interface Confirmation {
  readonly section: Section;
  /** The title of the window: `Revoke laptop`. */
  readonly title: string;
  /** `Revoke the token laptop?` */
  readonly question: Content;
  /** What it breaks, a sentence each. */
  readonly consequences: readonly Content[];
  /** The button, as a verb with its object: `Revoke laptop`. */
  readonly verb: Content;
  readonly action: Url;
  readonly cancel: Url;
  /** Values that the form sends. */
  readonly fields?: Readonly<Record<string, string>>;
}

export function confirmPage(page: Page, confirmation: Confirmation): Html {
  const { section, title, question, consequences, verb, action, cancel, fields = {} } = confirmation;
  return layout(page, {
    title,
    section,
    width: 'narrow',
    content: [
      heading(question),
      html`<form class="card stack" method="post" action="${action}">
        ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        ${consequences.map((sentence) => html`<p>${sentence}</p>`)}
        <div class="buttons">
          <a class="button" href="${cancel}">Cancel</a>
          <button class="danger">${verb}</button>
        </div>
      </form>`,
    ],
  });
}
