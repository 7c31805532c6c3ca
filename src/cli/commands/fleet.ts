/** `fairlead fleet`: lists the brokers that share a store, and what is in force at each. */
import { Command } from 'commander';
import { askBrokers } from '../../app/control.ts';
import { loadBroker } from '../../config/load.ts';
import { createCommand, createPlainCommand } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { differences } from '../fleet-table.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { tableLines } from '../table.ts';

interface AclOptions {
  readonly format: 'human' | 'json';
  readonly user: string;
}

export function fleetCommand(run: Run): Command {
  const command = new Command('fleet')
    .description('List the brokers that share a store, and print the rights that they need there')
    .showHelpAfterError('(add --help for the options)');
  command.addCommand(
    createCommand('list', 'List the brokers that share a store, and what is in force at each')
      .addHelpText(
        'after',
        '\nAsks a broker that runs with the stateDir of the configuration, and must run as the same user. The exit code is 1\nwhen policy, users or fleet keys differ between brokers, and when the store is down.',
      )
      .action(run(list)),
    { isDefault: true },
  );
  command.addCommand(
    createPlainCommand('acl', 'Print the command that makes the user of the store, with the least rights')
      .option('--user <name>', 'the name of the user', 'fairlead')
      .addHelpText(
        'after',
        '\nReplace PASSWORD, and pipe the output to redis-cli. As an argument, a shell would read >PASSWORD as the name of a file.',
      )
      .action(run(printAcl)),
  );
  return command;
}

async function list({ config: path }: SharedOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(path, { secrets: 'unused' });
  const { answers, silent } = await askBrokers(config.stateDir, 'listBrokers', {}, 1);
  const [first] = answers;
  if (first?.ok !== true) {
    output.remark(`fairlead: ${first?.detail ?? `the broker at ${silent.join(', ')} does not answer`}`);
    return EXIT.no;
  }
  const { brokers, unreadable } = first.answer;
  const members = brokers.toSorted((a, b) => a.name.localeCompare(b.name));
  const kinds = [...new Set(members.flatMap(({ revisions }) => Object.keys(revisions)))];
  const rows = members.map(({ name, ageMs, revisions }) => [
    name,
    `${Math.round(ageMs / 1000)} s ago`,
    ...kinds.map((kind) => revisions[kind] ?? '-'),
  ]);
  const head = ['BROKER', 'SEEN', ...kinds.map((kind) => kind.toUpperCase())];
  const differing = differences({ members, unreadable });
  output.result([...tableLines([head, ...rows]), ...differing.map(({ text }) => text)], {
    brokers: members,
    differences: differing.map(({ kind }) => kind),
  });
  return differing.length === 0 ? EXIT.ok : EXIT.no;
}

async function printAcl({ user }: AclOptions, output: Output): Promise<number> {
  const { aclCommand } = await import('../../platform/valkey/acl.ts');
  const text = aclCommand(user);
  output.result([text], { acl: text });
  return EXIT.ok;
}
