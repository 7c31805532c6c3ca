/** Blocks that several pages have. */
import { attribute, html } from '../template/html.ts';
import type { Content, Html } from '../template/html.ts';

/** The heading of a page, with a sentence below it and a button beside it. */
export function heading(title: string, lead?: Content, button?: Content): Html {
  return html`<div class="heading">
    <div>
      <h1>${title}</h1>
      ${lead !== undefined && html`<p class="lead">${lead}</p>`}
    </div>
    ${button}
  </div>`;
}

/** A message about what happened or what to do. */
export function notice(kind: 'done' | 'warning' | 'problem', content: Content): Html {
  return html`<div class="notice ${kind}" role="${kind === 'problem' ? 'alert' : 'status'}">${content}</div>`;
}

/** A word about a state. */
export function badge(text: string, kind: 'plain' | 'good' | 'warning' | 'bad' = 'plain'): Html {
  return html`<span class="badge ${kind}">${text}</span>`;
}

/** A list whose rows become stacks on a phone. */
export function rows(items: readonly Html[], label: string, id?: string): Html {
  return html`<ul class="card rows" aria-label="${label}" ${attribute('id', id)}>
    ${items}
  </ul>`;
}

/** In place of an empty list. */
export function empty(content: Content): Html {
  return html`<div class="card empty">${content}</div>`;
}

interface Column {
  readonly label: string;
  readonly kind?: 'number';
}

/**
 * A table whose rows become stacks on a phone. The roles stay when the style sheet changes how the elements are laid
 * out.
 *
 * @param cells the cells of each row, in the order of the columns
 */
export function table(caption: string, columns: readonly Column[], cells: readonly (readonly Content[])[]): Html {
  const cell = (content: Content, index: number): Html => {
    const { label, kind } = columns[index] ?? { label: '' };
    return html`<td role="cell" data-label="${label}" ${attribute('class', kind)}><div>${content}</div></td>`;
  };
  return html`<div class="card scroll">
    <table role="table">
      <caption class="hidden">
        ${caption}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${columns.map(
            ({ label, kind }) => html`<th role="columnheader" scope="col" ${attribute('class', kind)}>${label}</th>`,
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${cells.map(
          (row) =>
            html`<tr role="row" data-filter-item>
              ${row.map(cell)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Names in the fixed-width font, separated by commas. */
export function codes(names: readonly string[]): Html {
  return html`${names.map((name, index) => html`${index > 0 && ', '}<code>${name}</code>`)}`;
}

/**
 * A text to copy. The button is shown by the browser script; without it, one click selects the text.
 *
 * @param kind a command stays on one line
 */
export function copyable(kind: 'secret' | 'command', id: string, text: string, label: string): Html {
  return html`<div class="copy">
    <code id="${id}" class="once ${kind}" tabindex="0" role="textbox" aria-readonly="true" aria-label="${label}"
      >${text}</code
    >
    <button type="button" data-copy="${id}" hidden>Copy</button>
  </div>`;
}
