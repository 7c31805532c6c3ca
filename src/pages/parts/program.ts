/** Browsers by the names that people know. */

/** The first that matches counts: the text of each browser names others that it claims to be. */
const BROWSERS = [
  [/\bFirefox\//, 'Firefox'],
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Headless)?Chrome\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
] as const;

const SYSTEMS = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b|\biPad\b/, 'iOS'],
  [/\bWindows NT\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
] as const;

/** Of a program that is no known browser. */
const MAX_TEXT = 80;

/**
 * `Firefox on Linux`; another program by its own text.
 *
 * @param userAgent the text that the program sends about itself
 */
export function programName(userAgent: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1];
  if (browser !== undefined && userAgent.startsWith('Mozilla/')) {
    return system === undefined ? browser : `${browser} on ${system}`;
  }
  const text = userAgent === '' ? 'unknown program' : userAgent;
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
