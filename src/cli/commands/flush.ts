/** `fairlead flush`: flushes the login cache of the running brokers. */
import type { Command } from 'commander';
import { askBrokers } from '../../app/control.ts';
import { reachText } from '../../app/fleet-flush.ts';
import { loadBroker } from '../../config/load.ts';
import type { Answer } from '../../http/api/operations.ts';
import { createCommand } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface FlushOptions extends SharedOptions {
  readonly backend?: string;
}

export function flushCommand(run: Run): Command {
  return createCommand('flush', 'Flush the login cache of the running brokers')
    .option('--backend <name>', 'only the logins of this backend')
    .addHelpText(
      'after',
      '\nFinds the brokers by the stateDir of their configuration, and must run as the same user. The cache holds successful\nand failed logins: after a flush, each login asks the backend again, and accounts on hold after wrong passwords\nmay log in. With `shared`, all brokers of the fleet are flushed; one that is not reached within a second is named,\nand the exit code is 1. SIGHUP does the same.',
    )
    .action(run(flush));
}

async function flush({ config: path, backend }: FlushOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(path, { secrets: 'unused' });
  const { answers, silent } = await askBrokers(config.stateDir, 'flush', { backend });
  const lines = answers.map((one) => (one.ok ? flushedText(one.answer) : one.detail));
  const isComplete = silent.length === 0 && answers.every((one) => one.ok && one.answer.fleet.complete);
  if (isComplete) {
    output.result(lines, { flushed: backend ?? 'all' });
    return EXIT.ok;
  }
  for (const [index, one] of answers.entries()) {
    if (!one.ok || !one.answer.fleet.complete) output.remark(`fairlead: ${lines[index] ?? ''}`);
  }
  for (const socket of silent) output.remark(`fairlead: the broker at ${socket} does not answer: it was NOT flushed`);
  return EXIT.no;
}

function flushedText({ backend, fleet }: Answer<'flush'>): string {
  return `login cache flushed${backend === null ? '' : ` for backend ${backend}`}${reachText(fleet)}`;
}
