/** The listeners: one for the clients of the registries, and one for operators if configured. */
import { readFile } from 'node:fs/promises';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { createAdminApp, createApp } from '../http/app.ts';
import type { AppDeps } from '../http/app.ts';
import { listen } from '../http/server.ts';
import type { Listener } from '../http/server.ts';
import type { Reloadable } from './reload.ts';

export interface Listeners extends AsyncDisposable {
  readonly url: string;
  readonly adminUrl: string | undefined;
  readonly reloadables: readonly Reloadable[];
  /** Closes the listeners, see `Listener.close`. */
  close(graceMs: number): Promise<void>;
}

type Tls = NonNullable<BrokerConfig['tls']>;
export type ListenerDeps = Omit<AppDeps, 'metrics'> & { readonly metrics: NonNullable<AppDeps['metrics']> };

export async function openListeners(config: BrokerConfig, deps: ListenerDeps): Promise<Listeners> {
  const tls = config.tls === undefined ? undefined : await readTls(config.tls);
  const app = createApp({ ...deps, metrics: config.admin === undefined ? deps.metrics : undefined });
  const main = await listen(app, { address: config.listen, tls, newRequestId: deps.ids.next });
  let admin: Listener | undefined;
  try {
    admin =
      config.admin === undefined
        ? undefined
        : await listen(createAdminApp(deps), {
            address: config.admin.listen,
            tls: undefined,
            newRequestId: deps.ids.next,
          });
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
    reloadables: config.tls === undefined ? [] : [tlsReloadable(config.tls, main)],
    close,
    [Symbol.asyncDispose]: () => close(0),
  };
}

function tlsReloadable(files: Tls, listener: Listener): Reloadable {
  return {
    what: 'TLS certificate',
    watches: [files.certFile.path, files.keyFile.path],
    reload: async () => listener.setTls(await readTls(files)),
  };
}

async function readTls({ certFile, keyFile }: Tls): Promise<{ readonly cert: string; readonly key: string }> {
  const [cert, key] = await Promise.all([readFile(certFile.path, 'utf8'), readFile(keyFile.path, 'utf8')]);
  return { cert, key };
}
