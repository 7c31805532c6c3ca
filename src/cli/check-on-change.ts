/** Checks again whenever a file changes that the check reads. */
import { brokerFiles } from '../config/load.ts';
import { watchFiles } from '../platform/watch.ts';
import { report } from './command.ts';
import { EXIT } from './output.ts';
import type { Format, Output } from './output.ts';

/** Longer than anybody waits; a timer must run, because watching alone does not keep the process alive. */
const FOREVER_MS = 2 ** 31 - 1;

/**
 * Checks now and after each change, until SIGINT or SIGTERM. What is wrong does not end it.
 *
 * @param path the broker's configuration; what it names is watched with it, as far as it can be read
 * @param check gives the exit code it would end with alone
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
    tell(await fineNow(check, format, output), output);
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
  }
}

async function fineNow(check: () => Promise<number>, format: Format, output: Output): Promise<boolean> {
  try {
    return (await check()) === EXIT.ok;
  } catch (error) {
    report(error, format, output);
    return false;
  }
}

function tell(fine: boolean, output: Output): void {
  const time = new Date().toTimeString().slice(0, 8);
  output.result([`${time} ${fine ? 'fine' : 'NOT fine'}; waiting for a change (Ctrl-C ends)`], { fine });
}
