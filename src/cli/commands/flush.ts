/** `fairlead flush`: flushes the login cache of the running broker. */
import type { Command } from 'commander';
import { flushRunning } from '../../app/control.ts';
import { loadBroker } from '../../config/load.ts';
import { createCommand } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface FlushOptions extends SharedOptions {
  readonly backend?: string;
}

export function flushCommand(run: Run): Command {
  return createCommand('flush', 'Flush the login cache of the running broker')
    .option('--backend <name>', 'only the logins of this backend')
    .addHelpText(
      'after',
      '\nFinds the broker by the stateDir of its configuration, and must run as the same user. The cache holds successful\nand failed logins: after a flush, each login asks the backend again, and accounts on hold after wrong passwords\nmay log in. SIGHUP does the same.',
    )
    .action(run(flush));
}

async function flush({ config: path, backend }: FlushOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(path, { secrets: 'unused' });
  const { ok, said } = await flushRunning(config.stateDir, backend);
  if (!ok) {
    output.remark(`fairlead: ${said}`);
    return EXIT.no;
  }
  output.result([said], { flushed: backend ?? 'all' });
  return EXIT.ok;
}
