/** Times as people read them, with the exact time as a tooltip. */
import { relativeTime } from './relative-time.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

/**
 * `3 minutes ago`, `in 41 days`. The browser script keeps it current.
 *
 * @param time epoch seconds
 */
export function relative(time: number, now: number): Html {
  return html`<time datetime="${isoTime(time)}" title="${exactTime(time)}" data-relative
    >${relativeTime(time - now)}</time
  >`;
}

/** `2026-05-04 09:30 UTC` */
export function exact(time: number): Html {
  return html`<time datetime="${isoTime(time)}">${exactTime(time)}</time>`;
}

/** `09:30:12`, before today `4 May 09:30:12`, with the exact time as a tooltip: for lists of the last hours. */
export function clockTime(time: number, now: number): Html {
  const isToday = isoTime(time).slice(0, 10) === isoTime(now).slice(0, 10);
  const date = new Date(time * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
  return html`<time datetime="${isoTime(time)}" title="${exactTime(time)}"
    >${isToday ? '' : `${date} `}${isoTime(time).slice(11, 19)}</time
  >`;
}

/** `4 May 2026` */
export function day(time: number): Html {
  const text = new Date(time * 1000).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
  return html`<time datetime="${isoTime(time)}" title="${exactTime(time)}">${text}</time>`;
}

function isoTime(time: number): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z');
}

function exactTime(time: number): string {
  return `${isoTime(time).slice(0, 16).replace('T', ' ')} UTC`;
}
