import { parseFragment } from 'parse5';
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { attribute, html } from '../../../src/pages/template/html.ts';
import type { Content, Html } from '../../../src/pages/template/html.ts';
import { fieldUrl, loopbackUrl, urlsUnder } from '../../../src/pages/template/url.ts';
import { HOSTILE_TEXTS } from '../../support/hostile-texts.ts';
import { structureOf, textOf } from '../../support/parsed-html.ts';

const url = urlsUnder('');

/** A template as a caller without types would use it. */
function raw(parts: readonly string[], ...values: readonly unknown[]): Html {
  return html(Object.assign([...parts], { raw: parts }), ...(values as Content[]));
}

describe('html', () => {
  it('takes its own text as it is and escapes every value', () => {
    expect(html`<b>${'<i> & "x"'}</b>`.toString()).toBe('<b>&lt;i&gt; &amp; &quot;x&quot;</b>');
  });

  it('takes finished HTML as it is, lists one after the other, and nothing for undefined and false', () => {
    const items = ['a', 'b'].map((name) => html`<li>${name}</li>`);

    expect(raw(['<ul>', '', '', '', '</ul>'], items, undefined, false, 0).toString()).toBe(
      '<ul><li>a</li><li>b</li>0</ul>',
    );
  });

  it('writes optional attributes with their values, or leaves them out', () => {
    const attributes = [
      attribute('checked', true),
      attribute('disabled', false),
      attribute('class', undefined),
      attribute('placeholder', '">'),
    ];

    expect(raw(['<input ', '>'], attributes).toString()).toBe('<input  checked placeholder="&quot;&gt;">');
  });

  it('keeps a value that is sent back as it is, and shows characters that change the order of a text', () => {
    const name = 'laptop\u202egpj.exe';

    expect(html`<input value="${name}" />`.toString()).toContain(name);
    expect(html`<b>${name}</b>`.toString()).toBe('<b>laptop\ufffdgpj.exe</b>');
  });

  it('shows at most four marks above one letter', () => {
    expect(html`${`a${'\u0301'.repeat(100)}`}`.toString()).toBe(`a${'\u0301'.repeat(4)}`);
  });

  it('shows one of many wide spaces', () => {
    expect(html`${`a${'\u3000\u2003'.repeat(100)}b`}`.toString()).toBe('a\u3000b');
  });

  it.each([
    ['an attribute without quotes', ['<a title=', '>x</a>']],
    ['the name of a tag', ['<', '>x']],
    ['the name of an attribute', ['<a data-', '="x">x</a>']],
    ['a script', ['<script>', '</script>']],
    ['an event handler', ['<a onclick="', '">x</a>']],
    ['a style', ['<a style="', '">x</a>']],
    ['the HTML of a frame', ['<iframe srcdoc="', '"></iframe>']],
    ['a comment', ['<!--', '-->']],
    ['a style sheet', ['<style>', '</style>']],
    ['single quotes', ["<a title='", "'>x</a>"]],
    ['a place right after a value', ['<a title="x"', '>x</a>']],
  ])('refuses a gap in %s', (_place, parts) => {
    expect(() => raw(parts, 'x')).toThrow();
  });

  it.each(['<a title="', '<textarea>', '<script src="a.js">', '<a '])(
    'refuses the template %j, which ends within a tag or text',
    (text) => {
      expect(() => raw([text])).toThrow(/ends in/);
    },
  );

  it('takes only checked URLs in attributes that are URLs', () => {
    for (const name of ['href', 'src', 'action', 'formaction']) {
      expect(raw([`<a ${name}="`, '">x</a>'], url`/console`).toString()).toBe(`<a ${name}="/console">x</a>`);
      expect(() => raw([`<a ${name}="`, '">x</a>'], '/console')).toThrow(/URL/);
    }
  });

  it.each([
    ['HTML in an attribute', ['<a title="', '">x</a>'], html`<b>x</b>`],
    ['HTML in a text area', ['<textarea>', '</textarea>'], html`<b>x</b>`],
    ['a URL between elements', ['<p>', '</p>'], url`/console`],
    ['a text between attributes', ['<a ', '>x</a>'], 'onclick=alert(1)'],
    ['nothing as the value of an attribute', ['<a title="', '">x</a>'], undefined],
    ['a list as the value of an attribute', ['<a title="', '">x</a>'], ['x']],
    ['an attribute between elements', ['<p>', '</p>'], attribute('hidden', true)],
  ])('refuses %s', (_what, parts, value) => {
    expect(() => raw(parts, value)).toThrow(/expects/);
  });

  it('lets no value out of its place, whatever it is', () => {
    const template = (value: string): Html =>
      html`<p title="${value}" ${attribute('data-name', value)}>${value}</p>
        <textarea>${value}</textarea><input value="${value}" />`;
    const plain = structureOf(template('x').toString());

    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE_TEXTS)), (value) => {
        expect(structureOf(template(value).toString())).toEqual(plain);
      }),
    );
  });

  it('would be found out when it did not escape', () => {
    const unescaped = HOSTILE_TEXTS.filter(
      (text) => structureOf(`<p>${text}</p>`).join() !== structureOf('<p>x</p>').join(),
    );

    expect(unescaped.length).toBeGreaterThan(500);
  });

  it('gives a browser the same text back, but for characters that it cannot hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(textOf(parseFragment(html`<b>${text}</b>`.toString()))).toBe(text);
      }),
    );
  });
});

describe('url', () => {
  it('encodes values, and begins with the path of the public URL', () => {
    const under = urlsUnder('/fairlead');

    expect(under`/console/person?user=${'a&b=c d'}`.text).toBe('/fairlead/console/person?user=a%26b%3Dc%20d');
    expect(under`/console/tokens/${'3f9a0c1b2d4e'}/revoke`.text).toBe('/fairlead/console/tokens/3f9a0c1b2d4e/revoke');
  });

  it.each(['..', '.', '', 'a/b', '%2e%2e', '../x', 'a b', '?', '#'])('refuses %j in a path', (value) => {
    expect(() => url`/console/tokens/${value}/revoke`).toThrow(/not a name/);
  });

  it('refuses what does not begin with one slash', () => {
    expect(() => url`//attacker.invalid`).toThrow(/one slash/);
    expect(() => url`javascript:alert(1)`).toThrow(/one slash/);
    expect(() => url`/${'/attacker.invalid'}`).toThrow(/not a name/);
  });

  it('encodes a text that is no Unicode', () => {
    expect(url`/console/person?user=${'\ud800'}`.text).toBe('/console/person?user=%EF%BF%BD');
  });
});

describe('fieldUrl', () => {
  it('leads to a field of the same page, and takes the names of fields only', () => {
    expect(fieldUrl('limits.0.actions').text).toBe('#field-limits.0.actions');
    for (const name of ['', 'a b', '"', 'a/b']) expect(() => fieldUrl(name)).toThrow(/is no name/);
  });
});

describe('loopbackUrl', () => {
  it.each(['http://127.0.0.1:41234/callback?code=a&state=b', 'http://[::1]:1/'])('takes %s', (text) => {
    expect(loopbackUrl(text).text).toBe(text);
  });

  it.each([
    'https://attacker.invalid/',
    'http://127.0.0.1.attacker.invalid:80/',
    'http://127.0.0.1:80@attacker.invalid/',
    'http://localhost:80/callback',
    'javascript:alert(1)',
    'http://127.0.0.1:80/"onload=',
    ' http://127.0.0.1:80/',
    'http://127.0.0.1:80/\n',
  ])('refuses %j', (text) => {
    expect(() => loopbackUrl(text)).toThrow(/not one of a program/);
  });
});
