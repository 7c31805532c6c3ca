/** Text as HTML. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Characters that HTML cannot hold, or that a browser changes: controls other than tab and line feed, lone surrogates. */
const NOT_IN_HTML = /(?![\t\n])\p{Cc}|\p{Cs}|[\ufdd0-\ufdef\ufffe\uffff]/gu;
/** Characters that change the order of the text around them (Unicode UAX 9), so that one name looks like another. */
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Marks above and below one letter, which would cover the lines around it. No script needs more than four. */
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;

/** Spaces other than that of ASCII, which HTML does not collapse: many of them move what follows out of the window. */
const WIDE_SPACES = /([\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+/g;

/** For a value that is sent back as it is, such as that of an input. A browser reads every line end as a line feed. */
export function escapeExact(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(NOT_IN_HTML, '\ufffd')
    .replaceAll(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}

/** For a text that is shown. Characters that would change how the text around them looks are shown as `�`, or left out. */
export function escapeShown(text: string): string {
  return escapeExact(
    text.replaceAll(BIDI_CONTROLS, '\ufffd').replaceAll(STACKED_MARKS, '$1').replaceAll(WIDE_SPACES, '$1'),
  );
}
