/** What forward-auth needs in other parts of the configuration. */
import type { Report } from './broker-checks.ts';
import type { BrokerFile } from './broker-schema.ts';

interface CheckedParts {
  readonly services: Readonly<Record<string, { readonly forwardAuth?: unknown }>>;
  readonly trustedProxies: readonly unknown[];
}

export function checkForwardAuth({ services, trustedProxies }: CheckedParts, report: Report): void {
  for (const [service, { forwardAuth }] of Object.entries(services)) {
    if (forwardAuth === undefined) continue;
    const path = ['services', service, 'forwardAuth'];
    if (trustedProxies.length === 0)
      report(path, 'found it without trustedProxies, expected the proxy that asks there');
    // It is in a header of the answer, and in the path that the proxy asks.
    if (!/^[\x20-\x7e]*$/.test(service)) report(path, 'found it at a service whose name is not ASCII, expected ASCII');
  }
}

export function warnForwardAuth({ services, clientAddress }: BrokerFile, warn: Report): void {
  for (const [service, { anonymous, forwardAuth }] of Object.entries(services)) {
    if (forwardAuth === undefined) continue;
    const path = ['services', service, 'forwardAuth'];
    if (forwardAuth.mode === 'basic' && anonymous === 'allow') {
      warn(
        [...path, 'mode'],
        'docker without a login cannot pull what is public: it answers no Basic challenge; use bearer',
      );
    }
    if (clientAddress === 'proxy-protocol') {
      warn(
        path,
        'proxies ask without a PROXY protocol header, and so are refused; let clientAddress be a header',
        'key',
      );
    }
  }
}
