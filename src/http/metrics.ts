/** The metrics page. */
import type { RequestHandler } from 'express';
import type { Clock } from '../core/ports.ts';
import { mayRead } from './operator-page.ts';
import type { Readers } from './operator-page.ts';

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/** Rendering takes more than a millisecond of CPU time. */
const CACHE_MS = 1000;

/** @returns renders the page at most once per second */
export function cachedPage(render: () => Promise<MetricsPage>, clock: Clock): () => Promise<MetricsPage> {
  let cached: { readonly at: number; readonly page: Promise<MetricsPage> } | undefined;
  return () => {
    const now = clock.monotonic();
    if (cached === undefined || now - cached.at >= CACHE_MS) cached = { at: now, page: render() };
    return cached.page;
  };
}

/** For anyone who may not read it, the page does not exist. */
export function metricsRoute(page: () => Promise<MetricsPage>, readers: Readers): RequestHandler {
  return async (request, response, next) => {
    if (!mayRead(readers, request)) return next();
    const { contentType, text } = await page();
    response.setHeader('Content-Type', contentType);
    response.setHeader('Cache-Control', 'no-store');
    response.end(text);
  };
}
