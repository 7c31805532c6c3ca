/** Texts as an attacker would choose names: they try to leave every place of HTML, to run a script, and to break the layout. */

/** What runs when it is taken for HTML or for a URL. Each asks for a dialog, which tests count. */
const PAYLOADS = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<iframe srcdoc="<script>parent.alert(1)</script>">',
  '<iframe src="javascript:parent.alert(1)">',
  '<details open ontoggle=alert(1)>',
  '<input autofocus onfocus=alert(1)>',
  '<video><source onerror=alert(1)></video>',
  '<body onload=alert(1)>',
  '<base href="//attacker.invalid/">',
  '<meta http-equiv="refresh" content="0;url=//attacker.invalid">',
  '<link rel=stylesheet href="//attacker.invalid/a.css">',
  '<form action="//attacker.invalid"><button>Sign in</button></form>',
  '<style>*{display:none}</style>',
  '<a href="javascript:alert(1)">laptop</a>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  ' onmouseover=alert(1) x=',
  ' autofocus onfocus=alert(1) ',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;img src=x onerror=alert(1)&#62;',
  '${alert(1)}',
  '{{constructor.constructor("alert(1)")()}}',
  '<!-- --!><img src=x onerror=alert(1)>',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<?xml version="1.0"?><x/>',
  '\u0000<script>alert(1)</script>',
  '<\u0000script>alert(1)</script>',
  '\ud800<img src=x onerror=alert(1)>',
  '../../../sign-out',
  '//attacker.invalid/%2e%2e',
  '\\\\attacker.invalid',
  '=HYPERLINK("https://attacker.invalid")',
  '%00%3Cscript%3E',
  '\u202ecexe.gnp',
  '\u2066\u2067\u2068',
  '\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>',
] as const;

/** What ends the place that a text is in. */
const ESCAPES = [
  '',
  '"',
  "'",
  '">',
  "'>",
  '" ',
  '`',
  '>',
  '/>',
  '-->',
  ']]>',
  '</title>',
  '</textarea>',
  '</script>',
  '</style>',
  '</select>',
  '</option></select>',
  '</table>',
  '</p></div></main>',
  '</code>',
  '\n',
  '\u2028',
  '\t" ',
  '\\"',
  '&quot;>',
] as const;

/** Texts that try to move what is around them. */
const SHAPES = [
  'W'.repeat(2000),
  'a\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a'.repeat(50) + '\u0300'.repeat(300),
  '\u202e\u202d\u2067 laptop \u0645\u0631\u062d\u0628\u0627',
  '\u05e9\u05dc\u05d5\u05dd '.repeat(100),
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'.repeat(60),
  '\ufdfd'.repeat(80),
  '\u3000'.repeat(300),
  '\n'.repeat(200),
  '\t'.repeat(200),
  'x '.repeat(500),
  '\u00ad'.repeat(300),
  '\u200b\ufeff\u2060'.repeat(100),
] as const;

/** 1,000 texts that try to run a script: each payload behind each escape. */
export const HOSTILE_TEXTS: readonly string[] = PAYLOADS.flatMap((payload) =>
  ESCAPES.map((escape) => `${escape}${payload}`),
);

export const HOSTILE_SHAPES: readonly string[] = SHAPES;
