/** The distance of a time from now in words. Pages and the browser script use it. */

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** Up to this many of a unit, the next smaller one is used: `90 minutes ago`, not `2 hours ago`. */
const FINER_BELOW = 2;

/** @param seconds negative: in the past */
export function relativeTime(seconds: number): string {
  const distance = Math.abs(seconds);
  for (const [unit, length] of UNITS) {
    if (distance < length * (unit === 'minute' ? 1 : FINER_BELOW)) continue;
    const count = Math.round(distance / length);
    const text = `${count} ${unit}${count === 1 ? '' : 's'}`;
    return seconds < 0 ? `${text} ago` : `in ${text}`;
  }
  return seconds <= 0 ? 'just now' : 'in less than a minute';
}
