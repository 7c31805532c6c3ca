/** Runs a check again whenever one of its files changes. */
import { brokerFiles } from '../config/load.ts';
import { watchFiles } from '../platform/watch.ts';
import { report } from './command.ts';
import { EXIT } from './output.ts';
import type { Format, Output } from './output.ts';

/** Watching does not keep the process alive, but a timer does. The longest interval of Node. */
const FOREVER_MS = 2 ** 31 - 1;

/**
 * Checks now and after each change, until SIGINT or SIGTERM. Problems do not end it.
 *
 * @param path the configuration of the broker; the files that it names are watched, too
 * @param check returns its exit code
 */
export async function checkOnChange(
  path: string,
  format: Format,
  output: Output,
  check: () => Promise<number>,
): Promise<number> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const alive = setInterval(() => undefined, FOREVER_MS);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  // Nobody reads the results any more.
  process.stdout.once('error', stop);

  let watched = '';
  let unwatch = (): void => undefined;
  let checking: Promise<void> = Promise.resolve();
  const again = (): void => {
    checking = checking.then(once);
  };
  async function once(): Promise<void> {
    const files = await brokerFiles(path);
    if (files.join('\n') !== watched) {
      const before = unwatch;
      unwatch = watchFiles(files, again);
      before();
      watched = files.join('\n');
    }
    printState(await succeeds(check, format, output), output);
  }

  try {
    again();
    await stopped;
    await checking;
    return EXIT.ok;
  } finally {
    unwatch();
    clearInterval(alive);
    process.off('SIGINT', stop).off('SIGTERM', stop);
    process.stdout.off('error', stop);
  }
}

async function succeeds(check: () => Promise<number>, format: Format, output: Output): Promise<boolean> {
  try {
    return (await check()) === EXIT.ok;
  } catch (error) {
    report(error, format, output);
    return false;
  }
}

function printState(passed: boolean, output: Output): void {
  const time = new Date().toTimeString().slice(0, 8);
  output.result([`${time} ${passed ? 'fine' : 'NOT fine'}; waiting for a change (Ctrl-C ends)`], { fine: passed });
}
