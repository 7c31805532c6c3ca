import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SCRIPT, STYLE } from '../../../src/pages/assets.ts';
import { HOSTILE_SHAPES, HOSTILE_TEXTS } from '../../support/hostile-texts.ts';
import { samplePages } from '../../support/page-samples/index.ts';
import { parseErrors, structureOf } from '../../support/parsed-html.ts';

const samples = samplePages();
const names = Object.keys(samples);

/** The pages that lead back to a program on the same computer. */
const TO_PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  'consent-done': ['http://127.0.0.1:41234/callback?code=abc&amp;state=def'],
  'consent-denied': ['http://127.0.0.1:40404/callback?error=access_denied'],
};

/** Pages in which each text from outside is the next one of these. */
function pagesWith(texts: readonly string[]) {
  let next = 0;
  return samplePages({ text: () => texts[next++ % texts.length] ?? '' });
}

describe('each page', () => {
  it.each(names)('%s is valid HTML', (name) => {
    expect(parseErrors(samples[name]?.().toString() ?? '')).toEqual([]);
  });

  it.each(names)('%s has the same elements and attributes with hostile texts', (name) => {
    const plain = structureOf(samples[name]?.().toString() ?? '');

    for (const texts of [HOSTILE_TEXTS, HOSTILE_TEXTS.toReversed(), HOSTILE_SHAPES]) {
      expect(structureOf(pagesWith(texts)[name]?.().toString() ?? '')).toEqual(plain);
    }
  });

  it.each(names)('%s has a title, one heading of the first level and one main part', (name) => {
    const text = samples[name]?.().toString() ?? '';

    expect(text).toMatch(/<title>[^<]+ · Fairlead<\/title>/);
    expect(text.match(/<h1>/g)).toHaveLength(1);
    expect(text.match(/<main /g)).toHaveLength(1);
  });

  it.each(names)('%s links only to its own parts and to paths below the path of the public URL', (name) => {
    const text = samplePages({ base: '/fairlead' })[name]?.().toString() ?? '';

    const targets = [...text.matchAll(/ (?:href|src|action)="([^"]*)"/g)].map(([, target = '']) => target);
    const isOwn = (target: string): boolean =>
      target.startsWith('#') ? text.includes(`id="${target.slice(1)}"`) : target.startsWith('/fairlead/');
    const others = targets.filter((target) => !isOwn(target));
    expect(targets.length).toBeGreaterThan(1);
    expect(others).toEqual(TO_PROGRAMS[name] ?? []);
  });

  it('is at most 20 KB with style and script, compressed', () => {
    const assets = gzipSync(STYLE).length + gzipSync(SCRIPT).length;
    const sizes = names.map((name) => gzipSync(samples[name]?.().toString() ?? '').length + assets);

    expect(Math.max(...sizes)).toBeLessThan(20 * 1024);
  });
});

describe('the page of decisions', () => {
  it('says since when each kind is complete, once where that is the same time', () => {
    const times = (name: string): number =>
      samples[name]?.()
        .toString()
        .split(/\bsince\s+<time/).length ?? 0;

    expect([times('decisions'), times('decisions-none')]).toEqual([4, 2]);
  });
});

describe('the navigation', () => {
  it('offers the pages of administrators to administrators only', () => {
    expect(samples['policy']?.().toString()).toContain('/console/decisions');
    expect(samples['tokens']?.().toString()).not.toContain('/console/decisions');
  });

  it('marks the page that is shown', () => {
    expect(samples['tokens']?.().toString()).toMatch(/<a href="\/console\/tokens"\s+aria-current="page">Tokens<\/a>/);
  });
});

describe('the browser script', () => {
  it('is at most 5 KB', () => {
    expect(SCRIPT.length).toBeLessThan(5 * 1024);
  });

  it('writes no HTML and runs no text', () => {
    expect(SCRIPT).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|DOMParser/);
  });
});

it('the page of the fleet says of each broker which backends answer, or that it is not known', () => {
  const text = (samples['fleet']?.().toString() ?? '').replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

  expect(text).toMatch(/fairlead-0 .*local answers since .* corp does not answer since .* asked 2 minutes ago/);
  expect(text).toMatch(/fairlead-1 3 s ago not asked yet .*fairlead-2 2 s ago not known/);
});

describe('the page that shows a new token', () => {
  it('shows the token in one place and in no address', () => {
    const text = samples['token-created']?.().toString() ?? '';

    expect(text.match(/flp_/g)).toHaveLength(1);
    expect(text).not.toMatch(/(?:href|src|action|value)="[^"]*flp_/);
  });

  it('shows the command for docker, and those for other programs when somebody opens them', () => {
    const text = samples['token-created']?.().toString() ?? '';
    const [shown = '', folded = ''] = text.split('<details>');

    const programs = (part: string) => [...part.matchAll(/<h2 class="small">(\w+)</g)].map(([, program]) => program);
    expect(programs(shown)).toEqual(['docker']);
    expect(programs(folded)).toEqual(['podman', 'crane']);
    expect(folded).toContain('Other programs: podman, crane');
  });
});
