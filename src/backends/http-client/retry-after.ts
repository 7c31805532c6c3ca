const MAX_SECONDS = 120;

/**
 * The header `Retry-After` of a response (RFC 9110, section 10.2.3), in seconds.
 *
 * @returns at most 120; undefined without the header, or where it is a date
 */
export function retryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isInteger(seconds) && seconds >= 0 ? Math.min(seconds, MAX_SECONDS) : undefined;
}
