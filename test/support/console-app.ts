/** The console on a local port: real routes, flows and stores in memory, over given backends. */
import { createServer } from 'node:http';
import { z } from 'zod';
import { openConsole } from '../../src/app/open-console.ts';
import type { Console } from '../../src/app/open-console.ts';
import { openAccounts } from '../../src/app/open-records.ts';
import { consoleSection } from '../../src/config/console-schema.ts';
import type { SignedInAccounts } from '../../src/core/signed-in-account.ts';
import type { Clock } from '../../src/core/ports.ts';
import { accessArea } from '../../src/http/console/access.ts';
import type { ConsoleArea } from '../../src/http/console/deps.ts';
import type { ChainedBackend } from '../../src/flows/chain.ts';
import { onlyBackendFor } from '../../src/flows/chain.ts';
import { createIdentify } from '../../src/flows/identify.ts';
import { createApp } from '../../src/http/app.ts';
import { recordDecisions } from '../../src/platform/recent-decisions.ts';
import { memoryStore } from '../../src/platform/store/memory.ts';
import type { Records } from '../../src/platform/store/records.ts';
import { countingIds, noShield, noWaiting, realClock, recordingAudit, recordingLog } from './fakes.ts';
import { appDeps } from './http-app.ts';
import { policyOf } from './policy-builder.ts';

export interface ConsoleAppOptions {
  /** Makes the backends, given the store of accounts. */
  readonly backends: (accounts: SignedInAccounts) => Promise<readonly ChainedBackend[]>;
  /** The section `console` of the configuration. */
  readonly section?: Readonly<Record<string, unknown>>;
  readonly clock?: Clock;
  /** The public URL, where it is not that of the port. */
  readonly publicUrl?: string;
  /** Records of another one, to be a second broker of the same fleet. */
  readonly records?: Pick<Records, 'store'>;
  readonly areas?: readonly ConsoleArea[];
}

export interface ConsoleApp extends AsyncDisposable {
  /** `http://localhost:PORT` */
  readonly url: string;
  readonly console: Console;
  readonly app: ReturnType<typeof createApp>;
  readonly records: Pick<Records, 'store'>;
  readonly audit: ReturnType<typeof recordingAudit>;
  readonly log: ReturnType<typeof recordingLog>;
  /** How often it has said that credentials have ended. */
  readonly revocations: () => number;
}

/** Records in memory: each name is one store. */
export function memoryRecords(): Pick<Records, 'store'> {
  const stores = new Map<string, unknown>();
  return {
    store: ({ name, clock, groupOf }) => {
      const found =
        stores.get(name) ?? memoryStore({ maxEntries: 1000, clock, ...(groupOf === undefined ? {} : { groupOf }) });
      stores.set(name, found);
      return found as ReturnType<Records['store']> as never;
    },
  };
}

export async function openConsoleApp(options: ConsoleAppOptions): Promise<ConsoleApp> {
  const { clock = realClock, records = memoryRecords() } = options;
  const audit = recordingAudit();
  const log = recordingLog();
  const server = createServer();
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const url = `http://localhost:${address.port}`;
  const publicUrl = options.publicUrl ?? url;
  const backends = await options.backends(openAccounts(records, clock));
  const chain = { backends, clock, timer: noWaiting, audit };
  const identify = createIdentify({ ...chain, shield: noShield });
  const access = {
    policy: () => policyOf([]),
    services: ['registry.example.com'],
    recent: recordDecisions(10, clock),
    onlyBackendFor: (name: string) => onlyBackendFor(backends, name),
  };
  const areas = [...(options.areas ?? []), accessArea({ ...access, clock })];
  const section = { console: z.parse(consoleSection, options.section ?? {}), publicUrl };
  let revocations = 0;
  const onRevoked = async (): Promise<void> => void (revocations += 1);
  const opened = await openConsole(section, { ...chain, records, identify, areas, log, onRevoked });
  if (opened === undefined) throw new Error('the console is configured');
  const publicPath = new URL(publicUrl).pathname.replace(/\/$/, '');
  const app = createApp({ ...appDeps({ audit, log }), identify, publicPath, console: opened, ids: countingIds() });
  server.on('request', app);
  return {
    url,
    console: opened,
    app,
    records,
    audit,
    log,
    revocations: () => revocations,
    [Symbol.asyncDispose]: async () => {
      for (const { authenticator } of backends) await authenticator[Symbol.asyncDispose]();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
