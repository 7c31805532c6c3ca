/** What the section `helper` needs of the rest of the configuration. */
import type { Report } from './broker-checks.ts';

interface HelperOutline {
  readonly helper?: unknown;
  readonly console?: unknown;
  readonly services: Readonly<Record<string, { readonly refreshTokens?: unknown }>>;
}

export function checkHelper({ helper, console, services }: HelperOutline, report: Report): void {
  if (helper === undefined) return;
  if (console === undefined) report(['helper'], 'found no console, expected one: people sign in there', 'key');
  const hasRefreshTokens = Object.values(services).some(({ refreshTokens }) => refreshTokens !== undefined);
  if (!hasRefreshTokens) {
    report(['helper'], 'found no service with refreshTokens, expected one: the helper stores a refresh token', 'key');
  }
}
