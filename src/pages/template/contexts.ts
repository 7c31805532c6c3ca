/**
 * Where in HTML the gaps of a template are. The static text of a template is ours, so the reader knows only the HTML
 * that templates of this layer use, and refuses everything else.
 */

/** What a gap may hold depends on its place. */
export type Context =
  /** Between elements. */
  | { readonly kind: 'content' }
  /** In an element whose content is text only: `textarea`, `title`. */
  | { readonly kind: 'plain-text' }
  /** In a tag, between attributes. */
  | { readonly kind: 'attributes' }
  /** In a quoted value of an attribute. */
  | { readonly kind: 'value'; readonly attribute: string }
  /** In the quoted value of an attribute that is a URL. */
  | { readonly kind: 'url' };

type State =
  | { readonly at: 'content'; readonly element: string }
  | { readonly at: 'tag-name'; readonly element: string; readonly name: string }
  | { readonly at: 'tag'; readonly element: string; readonly isSpaced: boolean }
  | { readonly at: 'attribute'; readonly element: string; readonly name: string }
  | { readonly at: 'before-value'; readonly element: string; readonly name: string }
  | { readonly at: 'value'; readonly element: string; readonly name: string };

const CONTENT: State = { at: 'content', element: '' };
/** Elements whose content has no elements. */
const PLAIN_TEXT: ReadonlySet<string> = new Set(['textarea', 'title']);
const URL_ATTRIBUTES: ReadonlySet<string> = new Set(['href', 'src', 'action', 'formaction']);
/** Attributes whose value is code or HTML. */
const CODE_ATTRIBUTE = /^(?:on.*|style|srcdoc)$/;

/**
 * @param strings the static texts of a template; there is a gap after each but the last
 * @throws Error that says what is wrong with the template
 */
export function contextsOf(strings: readonly string[]): readonly Context[] {
  let state: State = CONTENT;
  const contexts: Context[] = [];
  for (const [index, text] of strings.entries()) {
    for (const character of text) state = next(state, character);
    if (index < strings.length - 1) contexts.push(contextAt(state));
  }
  if (state.at !== 'content' || state.element !== '') throw new Error(`a template ends in ${placeOf(state)}`);
  return contexts;
}

function next(state: State, character: string): State {
  const isSpace = /\s/.test(character);
  switch (state.at) {
    case 'content':
      return character === '<' ? { at: 'tag-name', element: state.element, name: '' } : state;
    case 'tag-name':
      if (!isSpace && character !== '>') return { ...state, name: state.name + character };
      return opened(state.element, state.name.toLowerCase(), character);
    case 'tag':
      if (character === '>') return contentOf(state.element);
      if (isSpace) return { ...state, isSpaced: true };
      return { at: 'attribute', element: state.element, name: character };
    case 'attribute':
      if (character === '=') return { ...state, at: 'before-value' };
      if (character === '>') return contentOf(state.element);
      if (isSpace) return { at: 'tag', element: state.element, isSpaced: true };
      return { ...state, name: state.name + character };
    case 'before-value':
      if (character === '"') return { ...state, at: 'value' };
      throw new Error(`the value of the attribute ${state.name} is not in double quotes`);
    case 'value':
      return character === '"' ? { at: 'tag', element: state.element, isSpaced: false } : state;
  }
}

/** @param outer the element that the tag is in, where that has text only */
function opened(outer: string, name: string, character: string): State {
  if (outer !== '' && name !== `/${outer}`) throw new Error(`<${name}> is in <${outer}>, which has text only`);
  if (!/^(?:\/?[a-z][a-z0-9-]*|!doctype)$/.test(name)) throw new Error(`<${name}> is not a tag that templates use`);
  if (name === 'style') throw new Error('<style> is not used: styles are in src/pages/style');
  return character === '>' ? contentOf(name) : { at: 'tag', element: name, isSpaced: true };
}

function contentOf(element: string): State {
  return PLAIN_TEXT.has(element) || element === 'script' ? { at: 'content', element } : CONTENT;
}

function contextAt(state: State): Context {
  if (state.at === 'content' && state.element === '') return { kind: 'content' };
  if (state.at === 'content' && PLAIN_TEXT.has(state.element)) return { kind: 'plain-text' };
  if (state.at === 'tag' && state.isSpaced) return { kind: 'attributes' };
  if (state.at === 'value' && !CODE_ATTRIBUTE.test(state.name.toLowerCase())) {
    const attribute = state.name.toLowerCase();
    return URL_ATTRIBUTES.has(attribute) ? { kind: 'url' } : { kind: 'value', attribute };
  }
  throw new Error(`a template has a gap in ${placeOf(state)}`);
}

function placeOf(state: State): string {
  switch (state.at) {
    case 'content':
      return `the content of <${state.element}>`;
    case 'tag-name':
      return `the tag <${state.name}`;
    case 'tag':
      return `the tag <${state.element}>`;
    case 'attribute':
    case 'before-value':
    case 'value':
      return `the attribute ${state.name}`;
  }
}
