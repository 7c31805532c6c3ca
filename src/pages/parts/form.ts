/** Controls of forms: each with its label, its hint and what is wrong with its value. */
import { attribute, html } from '../template/html.ts';
import type { Content, Html } from '../template/html.ts';
import { fieldUrl } from '../template/url.ts';

interface Control {
  readonly name: string;
  readonly label: string;
  readonly hint?: Content;
  /** What is wrong with the value that was sent. */
  readonly problem?: string | undefined;
  /** The id of the message that says it, where it is elsewhere on the page. */
  readonly problemId?: string | undefined;
}

interface TextField extends Control {
  readonly value?: string | undefined;
  readonly type?: 'text' | 'password' | 'date' | 'search';
  /** Names, patterns and codes are shown in the fixed-width font. */
  readonly isCode?: boolean;
  readonly isRequired?: boolean;
  readonly maxLength?: number;
  readonly placeholder?: string;
  /** What a password manager may fill in; `off` for what is no login. */
  readonly autocomplete?: 'off' | 'username' | 'current-password' | 'one-time-code';
  readonly isFocused?: boolean;
  /** Values that are offered while somebody types. */
  readonly offers?: readonly string[];
}

export function textField(field: TextField): Html {
  const { name, value, type = 'text', offers = [] } = field;
  const list = offers.length === 0 ? undefined : `${idOf(field)}-offers`;
  return control(
    field,
    html`<input
        id="${idOf(field)}"
        type="${type}"
        name="${name}"
        value="${value ?? ''}"
        autocomplete="${field.autocomplete ?? 'off'}"
        autocapitalize="none"
        spellcheck="false"
        ${[
          attribute('class', field.isCode === true ? 'code' : undefined),
          attribute('required', field.isRequired),
          attribute('maxlength', field.maxLength),
          attribute('placeholder', field.placeholder),
          attribute('autofocus', field.isFocused),
          attribute('list', list),
          ...described(field),
        ]}
      />${
        list !== undefined &&
        html`<datalist id="${list}">${offers.map((offer) => html`<option value="${offer}"></option>`)}</datalist>`
      }`,
  );
}

interface TextArea extends Control {
  readonly value: string;
  readonly rows: number;
}

/** Several lines of code. */
export function textArea(field: TextArea): Html {
  // A browser leaves out a line feed that follows the tag, so that one of the value stays.
  return control(
    field,
    html`<textarea
      id="${idOf(field)}"
      name="${field.name}"
      rows="${field.rows}"
      class="code"
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      ${described(field)}
    >
${field.value}</textarea>`,
  );
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

interface Choice extends Control {
  readonly value: string | undefined;
  readonly options: readonly Option[];
}

export function selectField(field: Choice): Html {
  return control(
    field,
    html`<select id="${idOf(field)}" name="${field.name}" ${described(field)}>
      ${field.options.map(
        ({ value, label }) =>
          html`<option value="${value}" ${attribute('selected', value === field.value)}>${label}</option>`,
      )}
    </select>`,
  );
}

/** The id of the message about the repository. */
export const ANSWER_PROBLEM = 'answer-problem';

/**
 * Which repository, at which registry.
 *
 * @param problemId of the message that says what is wrong with the repository
 */
export function repositoryFields(
  services: readonly string[],
  asked: { readonly repository: string; readonly service: string } | undefined,
  problemId?: string,
): readonly Html[] {
  return [
    textField({
      name: 'repository',
      label: 'Repository',
      value: asked?.repository,
      placeholder: 'web/shop',
      isCode: true,
      isRequired: true,
      maxLength: 255,
      problemId,
    }),
    selectField({
      name: 'service',
      label: 'Registry',
      value: asked?.service,
      options: services.map((name) => ({ value: name, label: name })),
    }),
  ];
}

interface Choices extends Control {
  readonly type: 'radio' | 'checkbox';
  readonly options: readonly (Option & { readonly detail?: Content })[];
  readonly chosen: readonly string[];
}

/** A group of radio buttons or check boxes under one heading. */
export function choices(field: Choices): Html {
  const { name, label, type, options, chosen } = field;
  return html`<fieldset id="${idOf(field)}" ${describedBy(field)}>
    <legend>${label}</legend>
    ${notes(field)}
    <div class="choices">
      ${options.map(
        ({ value, label: text, detail }) =>
          html`<div class="choice">
            <label
              ><input
                type="${type}"
                name="${name}"
                value="${value}"
                ${attribute('checked', chosen.includes(value))}
              />${text}</label
            >${detail}
          </div>`,
      )}
    </div>
  </fieldset>`;
}

/** A check box with its label next to it. */
export function checkBox(name: string, label: string, isChecked: boolean): Html {
  return html`<label class="check"
    ><input type="checkbox" name="${name}" value="yes" ${attribute('checked', isChecked)} />${label}</label
  >`;
}

/**
 * What is wrong with a form, with a link to each field. It has the focus when the page opens, so that it is read before
 * the fields.
 *
 * @param problems by the name of the field
 */
export function problemSummary(sentence: string, problems: ReadonlyMap<string, string>): Html {
  return html`<div class="notice problem" role="group" aria-label="Problems" tabindex="-1" autofocus>
    <p>${sentence}</p>
    <ul>
      ${[...problems].map(([field, problem]) => html`<li><a href="${fieldUrl(field)}">${problem}</a></li>`)}
    </ul>
  </div>`;
}

function control(field: Control, input: Html): Html {
  return html`<div class="field"><label for="${idOf(field)}">${field.label}</label>${input}${notes(field)}</div>`;
}

function notes(field: Control): Html {
  return html`${field.hint !== undefined && html`<p class="hint" id="${idOf(field)}-hint">${field.hint}</p>`}${
    field.problem !== undefined && html`<p class="problem" id="${idOf(field)}-problem">${field.problem}</p>`
  }`;
}

function described(field: Control) {
  const isInvalid = field.problem !== undefined || field.problemId !== undefined;
  return [describedBy(field), attribute('aria-invalid', isInvalid ? 'true' : undefined)];
}

function describedBy(field: Control) {
  const ids = [
    ...(field.hint === undefined ? [] : [`${idOf(field)}-hint`]),
    ...(field.problem === undefined ? [] : [`${idOf(field)}-problem`]),
    ...(field.problemId === undefined ? [] : [field.problemId]),
  ];
  return attribute('aria-describedby', ids.length === 0 ? undefined : ids.join(' '));
}

function idOf({ name }: Control): string {
  return `field-${name}`;
}
