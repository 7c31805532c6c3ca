/** Blocks that several pages have. */
import { attribute, html } from '../template/html.ts';
import type { Content, Html } from '../template/html.ts';

/** The heading of a page, with a sentence below it and a button next to it. */
export function heading(title: Content, lead?: Content, button?: Content): Html {
  return html`<div class="heading">
    <div>
      <h1>${title}</h1>
      ${lead !== undefined && html`<p class="lead">${lead}</p>`}
    </div>
    ${button}
  </div>`;
}

interface NoticeOptions {
  /** By which a field names the message as its description. */
  readonly id?: string;
  /** Whether it has the focus when the page opens, so that it is read first. */
  readonly isFocused?: boolean;
}

/** A message about what happened or what to do. */
export function notice(
  kind: 'done' | 'warning' | 'problem',
  content: Content,
  { id, isFocused = false }: NoticeOptions = {},
): Html {
  const focus = [attribute('tabindex', isFocused ? -1 : undefined), attribute('autofocus', isFocused)];
  const role = kind === 'problem' ? 'alert' : 'status';
  return html`<div class="notice ${kind}" role="${role}" ${[attribute('id', id), ...focus]}>${content}</div>`;
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

/** Names with their values. */
export function facts(all: readonly (readonly [string, Content])[]): Html {
  return html`<dl class="facts">
    ${all.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** A name from outside within a sentence: its direction, such as that of Arabic, moves nothing around it. */
export function nameText(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

/** Names or sentences with names, each as `nameText` shows it. */
export function nameList(texts: readonly string[], separator: string): Html {
  return html`${texts.map((text, index) => html`${index > 0 && separator}${nameText(text)}`)}`;
}

/** Names in the fixed-width font, separated by commas. */
export function codes(names: readonly string[]): Html {
  return html`${names.map((name, index) => html`${index > 0 && ', '}<code>${name}</code>`)}`;
}

/**
 * A text to copy. The button is shown by the browser script; without it, one click selects the text. It wraps between
 * words, and is copied as one line.
 *
 * @param kind a secret is not printed
 * @param label what it is, such as `the token`
 */
export function copyable(kind: 'secret' | 'command', id: string, words: readonly string[], label: string): Html {
  return html`<div class="copy">
    <code id="${id}" class="once ${kind}" tabindex="0" role="textbox" aria-readonly="true" aria-label="${label}"
      >${words.map((word, index) => html`${index > 0 && ' '}<span>${word}</span>`)}</code
    >
    <button type="button" data-copy="${id}" hidden>Copy<span class="hidden"> ${label}</span></button>
    <span class="hidden" role="status"></span>
  </div>`;
}
