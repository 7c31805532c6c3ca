/** `fairlead keys`: lists signing keys, and replaces them without failed pulls. */
import { Command } from 'commander';
import { listKeys } from '../../app/key-list.ts';
import type { ListedKey } from '../../app/key-list.ts';
import {
  activateKey,
  announceKey,
  renewKey,
  retireKey,
  RotationImpossible,
  RotationRefused,
} from '../../app/key-rotation.ts';
import { duration } from '../../backends/fields.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { loadBroker } from '../../config/load.ts';
import { systemClock } from '../../platform/clock.ts';
import { createCommand, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { tableLines } from '../table.ts';

interface NameOptions extends SharedOptions {
  readonly name: string | undefined;
}

interface StepOptions extends SharedOptions {
  readonly id: string | undefined;
  readonly force?: true;
}

interface ActivateOptions extends StepOptions {
  readonly after: string;
}

interface RetireOptions extends StepOptions {
  readonly deleteFiles?: true;
}

const WHERE =
  '\nChanges files in the stateDir and trustDir of the configuration, and must run as the user of the broker. A running\nbroker notices the change within a second. config/keys.md describes the steps of a rotation.';
const MINIMUM_AGE = duration({ min: 0, max: 365 * 86_400 });

export function keysCommand(run: Run): Command {
  const command = new Command('keys')
    .description('List signing keys, and replace them without failed pulls')
    .showHelpAfterError('(add --help for the options)');
  const [announcing, activating, retiring, renewing] = [run(announce), run(activate), run(retire), run(renew)];
  command.addCommand(
    createCommand('list', 'List the keys, their states, and the files of trustDir that contain them').action(run(list)),
  );
  command.addCommand(
    createCommand('announce', 'Make the next generation of a key and publish it; it does not sign yet')
      .argument('[name]', 'a name in `keys`; default: the first')
      .addHelpText('after', WHERE)
      .action((name: string | undefined, options: SharedOptions) => announcing({ ...options, name })),
  );
  command.addCommand(
    createCommand('activate', 'Sign with an announced key, or with the previous one again')
      .argument('[id]', 'an id that `fairlead keys list` prints; default: the announced one')
      .option('--after <duration>', 'refuse a key that was announced more recently', '1h')
      .option('--force', 'activate it although a registry may not trust it yet')
      .addHelpText('after', WHERE)
      .action((id: string | undefined, options: Omit<ActivateOptions, 'id'>) => activating({ ...options, id })),
  );
  command.addCommand(
    createCommand('retire', 'Stop publishing a key, once the last token that it signed has expired')
      .argument('[id]', 'an id that `fairlead keys list` prints; default: the previous one')
      .option('--force', 'retire it although tokens that it signed may be valid')
      .option('--delete-files', 'also remove its private key and certificate from stateDir')
      .addHelpText('after', WHERE)
      .action((id: string | undefined, options: Omit<RetireOptions, 'id'>) => retiring({ ...options, id })),
  );
  command.addCommand(
    createCommand('renew', 'Replace the short-lived key that an authority certifies, before it is due')
      .argument('[name]', 'a name in `keys`; default: the first')
      .addHelpText('after', WHERE)
      .action((name: string | undefined, options: SharedOptions) => renewing({ ...options, name })),
  );
  return command;
}

async function list({ config: path }: SharedOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(path, { secrets: 'unused' });
  const keys = await listKeys(config);
  const head = ['ID', 'ALGORITHM', 'STATE', 'SINCE', 'CERTIFICATE ENDS', 'TRUST FILES', 'KEY ID'];
  output.result(tableLines([head, ...keys.map(cellsOf)]), { keys });
  if (config.trustDir === undefined)
    output.remark('note: trustDir is not configured, so that no trust file is written');
  return EXIT.ok;
}

function cellsOf({ id, algorithm, state, since, certificateEnds, trustFiles, keyId }: ListedKey): readonly string[] {
  const files = trustFiles.length === 0 ? '-' : trustFiles.join(',');
  return [id, algorithm, state, since ?? '-', certificateEnds ?? '-', files, keyId ?? '-'];
}

async function announce({ config: path, name }: NameOptions, output: Output): Promise<number> {
  return step(path, output, async (config) => {
    const key = keyNamed(name, config);
    const id = await announceKey({ config, key, now: systemClock.now() });
    output.result(
      [
        `announced ${id}: it is published, and does not sign yet`,
        config.trustDir === undefined
          ? 'next: give each registry what `fairlead registry-config` prints, and restart it'
          : `next: restart each registry with the files of ${config.trustDir}`,
        'then: `fairlead doctor --registry URL` for each of them, and `fairlead keys activate`',
      ],
      { announced: id },
    );
  });
}

async function activate({ config: path, id, after, force }: ActivateOptions, output: Output): Promise<number> {
  const { data: minimumAge } = MINIMUM_AGE.safeParse(after);
  if (minimumAge === undefined) throw new UsageError(`--after ${after}: expected a duration such as 30m, 1h or 1d`);
  return step(path, output, async (config) => {
    const { key, id: chosen } = await chosenKey(id, 'announced', config);
    const activation = { id: chosen, minimumAge, isForced: force === true };
    const { id: before } = await activateKey({ config, key, now: systemClock.now() }, activation);
    output.result(
      [
        `${chosen} signs now; ${before} stays published for the tokens that it signed`,
        `next: \`fairlead keys retire ${before}\`, which refuses until the last of them has expired`,
      ],
      { activated: chosen, previous: before },
    );
  });
}

async function retire({ config: path, id, force, deleteFiles }: RetireOptions, output: Output): Promise<number> {
  return step(path, output, async (config) => {
    const { key, id: chosen } = await chosenKey(id, 'previous', config);
    const retirement = { id: chosen, isForced: force === true, deletesFiles: deleteFiles === true };
    const files = await retireKey({ config, key, now: systemClock.now() }, retirement);
    output.result(
      [
        `retired ${chosen}: registries trust it until their next start`,
        ...(files.length === 0 ? [] : [`its files are kept: ${files.join(' ')} (--delete-files removes them)`]),
      ],
      { retired: chosen, files },
    );
  });
}

async function renew({ config: path, name }: NameOptions, output: Output): Promise<number> {
  return step(path, output, async (config) => {
    const key = keyNamed(name, config);
    await renewKey({ config, key, now: systemClock.now() });
    output.result([`renewed ${key.name}@leaf`], { renewed: `${key.name}@leaf` });
  });
}

/** Runs one step. A refusal is the answer no; what cannot be done at all is an error of usage. */
async function step(path: string, output: Output, work: (config: BrokerConfig) => Promise<void>): Promise<number> {
  const { config } = await loadBroker(path, { secrets: 'unused' });
  try {
    await work(config);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof RotationImpossible) throw new UsageError(error.message);
    if (!(error instanceof RotationRefused)) throw error;
    output.remark(`fairlead: ${error.message}`);
    return EXIT.no;
  }
}

type Key = BrokerConfig['keys'][number];

function keyNamed(name: string | undefined, { keys }: BrokerConfig): Key {
  const key = name === undefined ? keys[0] : keys.find((candidate) => candidate.name === name);
  if (key !== undefined) return key;
  throw new UsageError(`there is no key "${name}"; expected one of ${keys.map((one) => one.name).join(', ')}`);
}

/** @param state the state of the default, where no id is given */
async function chosenKey(id: string | undefined, state: ListedKey['state'], config: BrokerConfig) {
  if (id !== undefined) return { id, key: keyNamed(id.split('@')[0], config) };
  const found = (await listKeys(config)).filter((listed) => listed.state === state);
  const [only] = found;
  if (only === undefined) throw new UsageError(`no key is ${state}; name one that \`fairlead keys list\` prints`);
  if (found.length > 1) throw new UsageError(`name one of these: ${found.map((listed) => listed.id).join(', ')}`);
  return { id: only.id, key: keyNamed(only.id.split('@')[0], config) };
}
