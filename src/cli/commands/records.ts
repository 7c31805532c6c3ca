/** `fairlead records`: prepares a PostgreSQL database for the records of several brokers. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { PostgresConfig } from '../../app/open-records.ts';
import { copyRecords, migrateRecords } from '../../app/prepare-records.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { loadBroker } from '../../config/load.ts';
import { rolesSql } from '../../platform/postgres/roles.ts';
import { createCommand, createPlainCommand, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface RolesOptions extends Pick<SharedOptions, 'format'> {
  readonly owner: string;
  readonly broker: string;
}

interface MigrateOptions extends SharedOptions {
  readonly urlFile?: string;
}

export function recordsCommand(run: Run): Command {
  const command = new Command('records')
    .description('Prepare a PostgreSQL database for the tokens of several brokers')
    .showHelpAfterError('(add --help for the options)');
  command.addCommand(
    createPlainCommand('roles', 'Print the SQL that creates the roles and the schema in a database')
      .option('--owner <name>', 'the role that owns the tables', 'fairlead_owner')
      .option('--broker <name>', 'the role of the brokers', 'fairlead')
      .addHelpText('after', '\nAn administrator of the server runs it once in the database, with psql.')
      .action(run(roles)),
  );
  command.addCommand(
    createCommand('migrate', 'Create the tables, or bring them to the version of this program')
      .option('--url-file <file>', 'a file with the URL of the owner of the tables (default: records.postgres.urlFile)')
      .addHelpText('after', '\nMay run several times, and at the same time. Run it before new brokers start.')
      .action(run(migrate)),
  );
  command.addCommand(
    createCommand('copy', 'Copy the tokens of a stopped broker from its stateDir to the database')
      .addHelpText('after', '\nThe file in stateDir is renamed, so that nobody uses it any more. Tokens stay valid.')
      .action(run(copy)),
  );
  return command;
}

async function roles({ owner, broker }: RolesOptions, output: Output): Promise<number> {
  const sql = rolesSql({ owner, broker });
  output.result(sql, { sql });
  return EXIT.ok;
}

async function migrate({ config: path, urlFile }: MigrateOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(path, { secrets: 'unused' });
  const file = urlFile === undefined ? undefined : resolve(urlFile);
  const { from, to } = await migrateRecords(postgresOf(config), file);
  const text =
    from === to ? `the tables have version ${to} already` : `the tables have version ${to}; before: ${from || 'none'}`;
  output.result([text], { from, to });
  return EXIT.ok;
}

async function copy({ config: path }: SharedOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(path, { secrets: 'unused' });
  const { entries, copied, retired } = await copyRecords(config.stateDir, postgresOf(config));
  const there = entries - copied;
  output.result(
    [
      `copied ${copied} tokens${there === 0 ? '' : `; ${there} were there already`}`,
      `the file is ${retired} now; remove it when the brokers work`,
    ],
    { entries, copied, retired },
  );
  return EXIT.ok;
}

function postgresOf({ records }: BrokerConfig): PostgresConfig {
  if (records === undefined)
    throw new UsageError('the configuration has no records.postgres: add it, or name another file with --config');
  return records.postgres;
}
