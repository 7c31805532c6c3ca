/** What must hold between the console, the public URL and the backends whose people sign in with a browser. */
import { traitsOf } from '../backends/index.ts';
import type { Report } from './broker-checks.ts';
import type { BrokerFile } from './broker-schema.ts';
import { quote } from './expectation.ts';
import { isLocalName } from './listen-address.ts';

interface ConsoleOutline {
  readonly console?: unknown;
  readonly publicUrl?: string | undefined;
}

/** Browsers keep a cookie with the prefix `__Host-` only over https; loopback is the exception, for trying it out. */
export function checkConsole({ console, publicUrl }: ConsoleOutline, report: Report): void {
  const url = console === undefined ? null : URL.parse(publicUrl ?? '');
  if (url === null || url.protocol !== 'http:' || isLocalName(url.hostname)) return;
  report(
    ['console'],
    'found a publicUrl that begins with http, expected https: over http, others on the network can read the sessions ' +
      'of browsers; without TLS, the console works on this machine only',
    'key',
  );
}

interface BackendOutline {
  readonly name: string;
  readonly accounts?: { readonly backend?: string | undefined } | undefined;
}

/** The backend that has the accounts of another one. */
export function checkAccounts({ backends }: { readonly backends: readonly BackendOutline[] }, report: Report): void {
  for (const [index, { name, accounts }] of backends.entries()) {
    const { backend } = accounts ?? {};
    if (backend === undefined || backends.some((other) => other.name === backend && backend !== name)) continue;
    const others = backends.map((other) => other.name).filter((other) => other !== name && other !== '');
    const listed = others.length === 0 ? 'there is none' : others.join(', ');
    const message = `found ${quote(backend)}, expected the name of another backend (${listed})`;
    report(['backends', index, 'accounts', 'backend'], message);
  }
}

export function warnAccounts({ backends }: BrokerFile, warn: Report): void {
  for (const [index, backend] of backends.entries()) {
    if (!('accounts' in backend) || backend.accounts.from !== 'backend') continue;
    const { accounts } = backend;
    const other = backends.find(({ name }) => name === accounts.backend);
    if (other === undefined || traitsOf(other).canRevalidate) continue;
    warn(
      ['backends', index, 'accounts', 'backend'],
      `names ${other.name}, which cannot find an account without its password: every sign-in fails with 503`,
    );
  }
}

/** A session ends at the earlier of both times. */
export function warnSessions({ console }: BrokerFile, warn: Report): void {
  if (console === undefined || console.sessions.idle <= console.sessions.absolute) return;
  warn(['console', 'sessions', 'idle'], 'has no effect: it is longer than absolute, after which a session ends anyway');
}

export function warnWithoutConsole({ backends, console }: BrokerFile, warn: Report): void {
  for (const [index, backend] of backends.entries()) {
    if (console !== undefined || traitsOf(backend).accepts !== 'sign-ins') continue;
    warn(['backends', index], 'has no effect without console, which has the page of the sign-in');
  }
}
