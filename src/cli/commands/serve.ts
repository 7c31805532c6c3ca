/** `fairlead serve`: runs the broker until a signal stops it. */
import type { Command } from 'commander';
import type { Broker } from '../../app/compose.ts';
import { createTrialSecrets, trialText } from '../../app/trial-users.ts';
import { parseListenAddress } from '../../config/listen-address.ts';
import { loadBroker } from '../../config/load.ts';
import { describeError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { boundV8Memory } from '../../platform/v8-memory.ts';
import { createCommand, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';

interface ServeOptions extends SharedOptions {
  readonly try?: true;
  readonly listen?: string;
  readonly adminListen?: string;
}

const STANDARD_ERROR = 2;

export function serveCommand(run: Run): Command {
  return createCommand(
    'serve',
    'Run the broker; SIGTERM drains and stops it, SIGHUP reloads its files and flushes the login cache',
  )
    .option('--try', 'make missing password files of the configured users, and print commands to try')
    .option('--listen <address>', 'in place of `listen`, for several brokers with one configuration')
    .option('--admin-listen <address>', 'in place of `admin.listen`')
    .action(run(serve));
}

async function serve({ config: path, try: isTrial, listen, adminListen }: ServeOptions): Promise<number> {
  requireAddress('--listen', listen);
  requireAddress('--admin-listen', adminListen);
  using resources = new DisposableStack();
  const signals = resources.use(new Signals());
  const loaded = await loadBroker(path, { listen, adminListen });
  // Loaded here, and not for `fairlead --help`: this is the whole server.
  const { startBroker } = await import('../../app/compose.ts');
  const { openLogs } = await import('../../platform/logs.ts');
  const { config, warnings } = loaded;
  const logs = openLogs({
    level: config.log.level,
    fd: STANDARD_ERROR,
    auditFile: config.audit.file,
    onLoss: config.audit.onLoss,
  });
  const { log } = logs;
  try {
    for (const warning of warnings) log.warn(warning);
    const made = isTrial === true ? await createTrialSecrets(config) : [];
    await using broker = await startBroker(loaded, logs);
    // Not before all is loaded: V8 does not use compiled code that was written under other flags.
    resources.use(boundV8Memory());
    log.info('listening', {
      address: broker.url,
      ...(broker.adminUrl === undefined ? {} : { admin: broker.adminUrl }),
    });
    if (isTrial === true) process.stdout.write(trialText(config, path, broker.url, made));
    await untilStopped(broker, signals, log);
    return EXIT.ok;
  } finally {
    await logs.close();
  }
}

function requireAddress(option: string, text: string | undefined): void {
  const address = text === undefined ? {} : parseListenAddress(text);
  if (typeof address === 'string') throw new UsageError(`${option} ${text}: ${address}`);
}

/** Resolves when the broker has drained, or at a second signal. */
async function untilStopped(broker: Broker, signals: Signals, log: Log): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  let draining = false;
  const onStop = (signal: NodeJS.Signals): void => {
    if (draining) {
      log.info('stopping without draining', { signal });
      return stop();
    }
    draining = true;
    const atMostSeconds = broker.drainMs / 1000;
    log.info('draining', { signal, atMostSeconds, hint: 'send the signal again (Ctrl-C) to stop at once' });
    broker.drain().then(stop, (error: unknown) => {
      log.error('draining failed', { cause: describeError(error) });
      stop();
    });
  };
  const onReload = (): void => {
    broker.flush();
    void broker.reload();
  };
  const onRejection = (error: unknown): void =>
    log.error('unhandled promise rejection', { cause: describeError(error) });
  process.on('unhandledRejection', onRejection);
  signals.handle((signal) => (signal === 'SIGHUP' ? onReload() : onStop(signal)));
  await stopped;
  process.off('unhandledRejection', onRejection);
  log.info('stopped');
}

/**
 * Listens for signals from the start of the process: a SIGHUP before the broker runs would end the process, and in a
 * container a SIGTERM would be lost. Early signals are handled as soon as there is a handler.
 */
class Signals implements Disposable {
  static readonly #NAMES = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

  readonly #early: NodeJS.Signals[] = [];
  #handler = (signal: NodeJS.Signals): void => void this.#early.push(signal);
  readonly #listener = (signal: NodeJS.Signals): void => this.#handler(signal);

  constructor() {
    for (const signal of Signals.#NAMES) process.on(signal, this.#listener);
  }

  handle(handler: (signal: NodeJS.Signals) => void): void {
    this.#handler = handler;
    for (const signal of this.#early) handler(signal);
  }

  [Symbol.dispose](): void {
    for (const signal of Signals.#NAMES) process.off(signal, this.#listener);
  }
}
