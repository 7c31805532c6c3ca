/** `fairlead flush`: has the running broker forget what it remembers of logins. */
import type { Command } from 'commander';
import { flushRunning } from '../../app/control.ts';
import { loadBroker } from '../../config/load.ts';
import { createCommand, run } from '../command.ts';
import type { SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface FlushOptions extends SharedOptions {
  readonly backend?: string;
}

export function flushCommand(): Command {
  return createCommand('flush', 'Have the running broker forget the logins it remembers, right and wrong ones')
    .option('--backend <name>', 'those of this backend only')
    .addHelpText(
      'after',
      '\nFinds the broker by the stateDir of its configuration, and must run as its user. Each user is looked up anew\nat the next login; an account that was held after wrong passwords may try again. SIGHUP does the same.',
    )
    .action(run(flush));
}

async function flush({ config: path, backend }: FlushOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(path);
  const { ok, said } = await flushRunning(config.stateDir, backend);
  if (!ok) {
    output.remark(`fairlead: ${said}`);
    return EXIT.no;
  }
  output.result([said], { flushed: backend ?? 'all' });
  return EXIT.ok;
}
