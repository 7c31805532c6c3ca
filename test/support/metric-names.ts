/** The names of all metrics. */
import { createMetrics } from '../../src/platform/audit/metrics.ts';

/** As a broker with TLS, a shadow policy, an admin listener, a shared store and its records in PostgreSQL has them. */
export async function metricNames(): Promise<readonly string[]> {
  const metrics = createMetrics('1.2.3');
  metrics.observePolicies(() => ({}));
  metrics.observeConfigChange(() => false);
  metrics.observeDroppedLines(() => ({}));
  metrics.observeLoginCache(() => ({}));
  metrics.observeSharedStore(() => ({ down: undefined, brokers: 1, unreadable: 0, failures: 0 }));
  metrics.observeSigningCertificates(() => []);
  metrics.setRecordsUp(true);
  metrics.countRecordOperation('get', 'done', 0);
  metrics.listeners.setCertificateExpiry(0);
  const { text } = await metrics.page();
  return [...text.matchAll(/^# TYPE (fairlead_\w+)/gm)].flatMap(([, name]) => name ?? []).toSorted();
}
