/** What the listeners need in addition to the flows: metrics, health and the configuration. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { publicPathOf } from '../config/public-url.ts';
import { proxyTrust } from '../config/trusted-proxies.ts';
import type { Log } from '../core/ports.ts';
import type { AnswerSettings } from '../http/answer.ts';
import type { Metrics } from '../platform/audit/metrics.ts';
import { systemClock } from '../platform/clock.ts';
import { randomIds } from '../platform/ids.ts';
import type { BackendStates } from './backend-states.ts';
import type { ApiParts } from './open-api.ts';
import type { ListenerDeps } from './listeners.ts';
import type { RecordsState } from './records-state.ts';

/** What the answers to clients have of the configuration. */
export function answerSettings({ tokens, console, publicUrl }: BrokerConfig): AnswerSettings {
  return { realm: tokens.issuer, ...(console === undefined ? {} : { consoleUrl: `${publicUrl}/console` }) };
}

interface OperatorParts {
  readonly config: BrokerConfig;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function operatorDeps(
  { config, log, metrics }: OperatorParts,
  states: BackendStates,
  recordsState: RecordsState,
) {
  return {
    ...answerSettings(config),
    publicPath: publicPathOf(config.publicUrl),
    corsOrigins: config.cors?.origins ?? [],
    addressSource: {
      header: config.clientAddress === 'proxy-protocol' ? undefined : config.clientAddress,
      isTrustedProxy: proxyTrust(config.trustedProxies),
    },
    metrics: async () => {
      // Readiness probes neither backends nor records, so that reading the metrics has to.
      await Promise.all([states.all(), recordsState()]);
      return metrics.page();
    },
    listenerMetrics: metrics.listeners,
    backendStates: states.all,
    probeBackend: states.probe,
    lastProbe: states.lastProbe,
    ids: randomIds,
    clock: systemClock,
    log,
  } satisfies Partial<ListenerDeps & ApiParts>;
}
