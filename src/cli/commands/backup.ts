/** `fairlead backup`: a copy of the embedded store, and the list of what else a backup needs. */
import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { listedPasswordFiles } from '../../app/listed-users.ts';
import { hasRecords, storeFile } from '../../app/open-records.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { brokerFiles, loadBroker } from '../../config/load.ts';
import { secretMarkKeyFile } from '../../platform/secret-marks.ts';
import { keyFiles } from '../../platform/signing/key-files.ts';
import { backUpEntries } from '../../platform/store/sqlite-backup.ts';
import { createCommand } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface BackupOptions extends SharedOptions {
  readonly file: string;
}

export function backupCommand(run: Run): Command {
  const running = run(backup);
  return createCommand('backup', 'Copy the embedded store to a file while the broker runs, and list what else to keep')
    .argument('<file>', 'the copy; an existing file is not overwritten')
    .addHelpText(
      'after',
      '\nFinds the store by the stateDir of the configuration, and must run as the user of the broker. The copy holds\ntokens as digests, with user names; keep it as safe as the store. config/backup.md describes the restore.',
    )
    .action((file: string, options: Omit<BackupOptions, 'file'>) => running({ ...options, file }));
}

async function backup({ config: path, file }: BackupOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(path, { secrets: 'unused' });
  const others = await otherFiles(path, config);
  const store = storeFile(config.stateDir);
  const keep = ['keep these files as well; none of them is in the copy:', ...others.map((other) => `  ${other}`)];
  if (config.records !== undefined) {
    const lines = ['nothing to copy: the tokens are in PostgreSQL; back that up with its own tools, such as pg_dump'];
    output.result([...lines, ...keep], { file: null, others });
    return EXIT.ok;
  }
  if (!hasRecords(config) && !(await exists(store))) {
    output.result(
      ['nothing to copy: the configuration offers no tokens that are stored, and nothing is stored', ...keep],
      {
        file: null,
        others,
      },
    );
    return EXIT.ok;
  }
  const target = resolve(file);
  const { entries } = backUpEntries(store, target);
  output.result([`wrote and verified ${target}: ${entries} tokens`, ...keep], {
    file: target,
    entries,
    others,
  });
  return EXIT.ok;
}

/** Configuration, policies, users, secrets, certificates and keys, as absolute paths. */
async function otherFiles(path: string, config: BrokerConfig): Promise<readonly string[]> {
  const secrets = (await listedPasswordFiles(config)).map(({ path: file }) => file);
  const keys = (await Promise.all(config.keys.map((key) => keyFiles(key, config.stateDir)))).flat();
  const marks = secretMarkKeyFile(config.stateDir);
  const isMarking = await access(marks).then(
    () => true,
    () => false,
  );
  return [...new Set([...(await brokerFiles(path)), ...secrets, ...keys, ...(isMarking ? [marks] : [])])];
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
