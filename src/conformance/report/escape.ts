/** Text in XML and HTML. Parts of a report are chosen by the server under test. */

export function escapeMarkup(text: string): string {
  return text
    .replaceAll(NOT_XML, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Characters that XML 1.0 does not allow (section 2.2). */
const NOT_XML = /(?![\t\n\r])[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu;
