/** The metrics of the listeners. */
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export type ListenerName = 'main' | 'admin';

export interface ListenerMetrics {
  countLimit(listener: ListenerName, reason: 'limit' | 'handshake'): void;
  /** @param count called whenever the page is read */
  observeConnections(listener: ListenerName, count: () => number, max: number): void;
  /** @param seconds since 1970 */
  setCertificateExpiry(seconds: number): void;
}

export function listenerMetrics(registry: Registry): ListenerMetrics {
  const registers = [registry];
  const counts = new Map<ListenerName, () => number>();
  // oxlint-disable-next-line no-new -- it registers itself
  new Gauge({
    name: 'fairlead_open_connections',
    help: 'Open connections, by listener; those in a TLS handshake are included',
    labelNames: ['listener'],
    registers,
    collect() {
      for (const [listener, count] of counts) this.set({ listener }, count());
    },
  });
  const limits = new Gauge({
    name: 'fairlead_connection_limit',
    help: 'Connections that a listener may have open; at the limit, idle ones are closed',
    labelNames: ['listener'],
    registers,
  });
  const closed = new Counter({
    name: 'fairlead_connections_closed_total',
    help: 'Connections closed by the broker, by listener and reason: limit, or handshake (its deadline)',
    labelNames: ['listener', 'reason'],
    registers,
  });
  let expiry: Gauge | undefined;
  return {
    countLimit: (listener, reason) => closed.inc({ listener, reason }),
    observeConnections: (listener, count, max) => {
      counts.set(listener, count);
      limits.set({ listener }, max);
    },
    setCertificateExpiry: (seconds) => {
      expiry ??= new Gauge({
        name: 'fairlead_tls_certificate_expiry_timestamp_seconds',
        help: 'When the TLS certificate in use expires, in seconds since 1970',
        registers,
      });
      expiry.set(seconds);
    },
  };
}
