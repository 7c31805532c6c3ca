/** The listeners: one for the clients of the registries, and one for operators if configured. */
import type { Express } from 'express';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { createAdminApp, createApp } from '../http/app.ts';
import type { AppDeps } from '../http/app.ts';
import { expressMessages } from '../http/express-messages.ts';
import type { RequestHandler } from '../http/lazy-handler.ts';
import { cachedPage } from '../http/metrics.ts';
import { listen } from '../http/server.ts';
import type { Listener, ListenOptions } from '../http/server.ts';
import type { ListenerMetrics, ListenerName } from '../platform/audit/listener-metrics.ts';
import { systemClock } from '../platform/clock.ts';
import { connectionCounts, openFileLimit } from './connection-limits.ts';
import type { Reloadable } from './reload.ts';
import type { TlsCertificate, TlsFiles } from './tls-certificate.ts';

export interface Listeners extends AsyncDisposable {
  readonly url: string;
  readonly adminUrl: string | undefined;
  readonly reloadables: readonly Reloadable[];
  /** Closes the listeners, see `Listener.close`. */
  close(graceMs: number): Promise<void>;
}

export interface ListenerDeps extends Omit<AppDeps, 'operatorPages'> {
  readonly listenerMetrics: ListenerMetrics;
  /** The API of the admin listener; absent: it is not configured. */
  readonly api?: RequestHandler | undefined;
}

/** A handshake takes a few round trips. */
const HANDSHAKE_MS = 10_000;
/** A login takes 8 s at most; the rest is for slow networks. */
const ANSWER_MS = 60_000;

export async function openListeners(config: BrokerConfig, listenerDeps: ListenerDeps): Promise<Listeners> {
  const deps = { ...listenerDeps, metrics: cachedPage(listenerDeps.metrics, systemClock) };
  const counts = connectionCounts(openFileLimit(), config.maxConnections);
  const open = async (name: ListenerName, app: Express, where: Where): Promise<Listener> => {
    const limits = { max: counts[name], handshakeMs: HANDSHAKE_MS, answerMs: ANSWER_MS };
    const onLimit: ListenOptions['onLimit'] = (reason) => deps.listenerMetrics.countLimit(name, reason);
    const messages = expressMessages(app);
    const own = { limits, messages, onLimit, newRequestId: deps.ids.next, log: deps.log };
    const listener = await listen(app, { ...where, ...own });
    deps.listenerMetrics.observeConnections(name, listener.connections, limits.max);
    return listener;
  };

  const tls = config.tls === undefined ? undefined : await useCertificate(config.tls, deps);
  const operatorPages = config.admin === undefined ? 'loopback' : 'nobody';
  const { isTrustedProxy } = deps.addressSource;
  const main = await open('main', createApp({ ...deps, operatorPages }), {
    address: config.listen,
    key: 'listen',
    tls,
    ...(config.clientAddress === 'proxy-protocol' ? { sendsProxyHeader: isTrustedProxy } : {}),
  });
  let admin: Listener | undefined;
  try {
    if (config.admin !== undefined) {
      admin = await open('admin', createAdminApp(deps), {
        address: config.admin.listen,
        key: 'admin.listen',
        tls: undefined,
      });
    }
  } catch (error) {
    await main.close(0);
    throw error;
  }
  const close = async (graceMs: number): Promise<void> => {
    await main.close(graceMs);
    // Last, so that operators can observe the draining.
    await admin?.close(0);
  };
  return {
    url: main.url,
    adminUrl: admin?.url,
    reloadables: config.tls === undefined ? [] : [tlsReloadable(config.tls, main, deps)],
    close,
    [Symbol.asyncDispose]: () => close(0),
  };
}

type Where = Pick<ListenOptions, 'address' | 'key' | 'tls' | 'sendsProxyHeader'>;
type CertificateDeps = Pick<ListenerDeps, 'log' | 'listenerMetrics'>;

function tlsReloadable(files: TlsFiles, listener: Listener, deps: CertificateDeps): Reloadable {
  return {
    what: 'TLS certificate',
    watches: [files.certFile.path, files.keyFile.path],
    reload: async () => {
      const certificate = await useCertificate(files, deps);
      listener.setTls(certificate);
      return { expires: new Date(certificate.expiresAt * 1000).toISOString() };
    },
  };
}

async function useCertificate(files: TlsFiles, { log, listenerMetrics }: CertificateDeps): Promise<TlsCertificate> {
  const { readTlsCertificate } = await import('./tls-certificate.ts');
  const certificate = await readTlsCertificate(files);
  for (const warning of certificate.warnings) log.warn(warning);
  listenerMetrics.setCertificateExpiry(certificate.expiresAt);
  return certificate;
}
