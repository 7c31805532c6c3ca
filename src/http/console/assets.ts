/** The style sheet and the script of the pages. Their names change with their content, so that browsers keep them for good. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Router } from 'express';
import { SCRIPT, STYLE } from '../../pages/assets.ts';
import type { Site } from '../../pages/page.ts';
import { urlsUnder } from '../../pages/template/url.ts';

interface Asset {
  /** Such as `style-5c1e0f7a2b.css`. */
  readonly name: string;
  readonly type: string;
  readonly text: string;
  /** The same by gzip: a quarter of the size. Pages are never compressed, because they may have a secret (BREACH). */
  readonly compressed: Buffer;
}

const asset = (kind: string, ending: string, type: string, text: string): Asset => {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { name: `${kind}-${digest}.${ending}`, type, text, compressed: gzipSync(text) };
};

const style = asset('style', 'css', 'text/css; charset=utf-8', STYLE);
const script = asset('app', 'js', 'text/javascript; charset=utf-8', SCRIPT);

/** A year. */
const CACHE = 'public, max-age=31536000, immutable';

export function assetRoutes(router: Router): void {
  for (const { name, type, text, compressed } of [style, script]) {
    router.get(`/console/assets/${name}`, (request, response) => {
      const isCompressed = request.acceptsEncodings('gzip') === 'gzip';
      response.setHeader('Cache-Control', CACHE);
      response.setHeader('Content-Type', type);
      response.setHeader('Vary', 'Accept-Encoding');
      if (isCompressed) response.setHeader('Content-Encoding', 'gzip');
      response.send(isCompressed ? compressed : text);
    });
  }
}

/** @param base the path of `publicUrl`; may be empty */
export function siteUnder(base: string, version: string): Site {
  const url = urlsUnder(base);
  return {
    url,
    style: url`/console/assets/${style.name}`,
    script: url`/console/assets/${script.name}`,
    version,
  };
}
