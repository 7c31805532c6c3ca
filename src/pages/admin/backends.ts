/** The state of the backends. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, heading, rows } from '../parts/blocks.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

interface BackendView {
  readonly name: string;
  readonly type: string;
  readonly isUp: boolean;
  /** Why it is down. */
  readonly detail?: string;
}

export interface BackendsView {
  readonly backends: readonly BackendView[];
}

export function backendsPage(page: Page, { backends }: BackendsView): Html {
  return layout(page, {
    title: 'Backends',
    section: 'backends',
    content: [
      heading('Backends', 'In the order in which they are asked, with their state of the last second.'),
      rows(backends.map(backendRow), 'Backends'),
    ],
  });
}

function backendRow({ name, type, isUp, detail }: BackendView): Html {
  return html`<li>
    <div>
      <p><b>${name}</b> ${isUp ? badge('up', 'good') : badge('down', 'bad')}</p>
      <p class="quiet"><code>${type}</code></p>
    </div>
    <div>${detail !== undefined && html`<p class="quiet">${detail}</p>`}</div>
  </li>`;
}
