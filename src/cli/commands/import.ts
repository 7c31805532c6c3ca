/** `fairlead import`: converts the configuration of another program, with a report of what differs. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { compareDecisions } from '../../migrate/docker-auth/compare.ts';
import type { ComparedDecision } from '../../migrate/docker-auth/compare.ts';
import { decisionTable, distinctDecisions } from '../../migrate/docker-auth/decision-table.ts';
import { importDockerAuth } from '../../migrate/docker-auth/index.ts';
import { findingLine, sortedFindings } from '../../migrate/finding.ts';
import type { Finding } from '../../migrate/finding.ts';
import { importHtpasswd } from '../../migrate/htpasswd.ts';
import { writeNewFiles } from '../../migrate/new-files.ts';
import { importZot } from '../../migrate/zot/index.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { collect } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface ImportOptions extends SharedOptions {
  readonly file: string;
  readonly out: string;
  readonly service?: readonly string[];
  readonly publicUrl?: string;
  readonly htgroup?: string;
}

/** Decisions on the terminal; the report has up to `MOST_WRITTEN`. */
const MOST_PRINTED = 40;
const MOST_WRITTEN = 2000;
const REPORT = 'import-report.txt';

export function importCommand(run: Run): Command {
  const command = new Command('import')
    .description('Make configuration files from those of another program; existing files are not overwritten')
    .showHelpAfterError('(add --help for the options)');
  command.addCommand(
    importer(
      'docker-auth',
      'Make broker.yaml, users.yaml and policy.yaml from a docker_auth configuration',
      run(dockerAuth),
    )
      .option('--service <name>', 'the service name of a registry (repeatable)', collect)
      .option('--public-url <url>', 'the URL at which clients reach the broker'),
  );
  command.addCommand(
    importer('htpasswd', 'Make users.yaml from an htpasswd file of Apache', run(htpasswd)).option(
      '--htgroup <file>',
      'a group file of Apache',
    ),
  );
  command.addCommand(importer('zot', 'Make policy.yaml from the accessControl of zot', run(zot)));
  return command;
}

function importer(name: string, description: string, importFrom: (options: ImportOptions) => Promise<void>): Command {
  return new Command(name)
    .description(description)
    .argument('<file>', 'the configuration file of the other program')
    .requiredOption('--out <folder>', 'the folder to write to')
    .addOption(new Option('--format <format>', 'the format of results').choices(['human', 'json']).default('human'))
    .showHelpAfterError('(add --help for the options)')
    .action((file: string, options: ImportOptions) => importFrom({ ...options, file }));
}

async function dockerAuth(options: ImportOptions, output: Output): Promise<number> {
  const { file, out, service: services = [], publicUrl } = options;
  const imported = await importDockerAuth(file, { services, publicUrl });
  const paths = await writeNewFiles(out, imported.files);
  const { policy } = await loadPolicy(join(out, 'policy.yaml'));
  const decisions = compareDecisions(imported, policy);
  const differing = decisions.filter(({ same }) => !same).length;
  const problems = await brokerProblems(join(out, 'broker.yaml'));

  const findings = sortedFindings(imported.findings);
  const summary = `${decisions.length} decisions compared, ${differing} differ`;
  const [report = ''] = await writeNewFiles(out, [
    {
      name: REPORT,
      text: [...findings.map(findingLine), '', summary, ...tableOf(decisions, MOST_WRITTEN), ''].join('\n'),
    },
  ]);
  output.result(
    [
      ...findings.map(findingLine),
      ...problems.map((problem) => `to do: ${problem}`),
      '',
      ...tableOf(decisions, MOST_PRINTED),
      '',
      `${summary}; they are listed in ${report}`,
      ...paths.map((path) => `wrote ${path}`),
      ...verdict(findings, differing, problems.length),
    ],
    {
      files: [...paths, report],
      findings,
      problems,
      decisions: { compared: decisions.length, differing: decisions.filter(({ same }) => !same).map(plain) },
    },
  );
  return findings.some(({ kind }) => kind === 'lost') || differing > 0 || problems.length > 0 ? EXIT.no : EXIT.ok;
}

async function htpasswd({ file, out, htgroup }: ImportOptions, output: Output): Promise<number> {
  const { files, findings } = await importHtpasswd(file, htgroup);
  return finish(await writeNewFiles(out, files), findings, output);
}

async function zot({ file, out }: ImportOptions, output: Output): Promise<number> {
  const { files, findings } = await importZot(file);
  const paths = await writeNewFiles(out, files);
  await loadPolicy(join(out, 'policy.yaml'));
  return finish(paths, findings, output);
}

function finish(paths: readonly string[], found: readonly Finding[], output: Output): number {
  const findings = sortedFindings(found);
  const lines = [...findings.map(findingLine), ...paths.map((path) => `wrote ${path}`), ...verdict(findings, 0, 0)];
  output.result(lines, { files: paths, findings });
  return findings.some(({ kind }) => kind === 'lost') ? EXIT.no : EXIT.ok;
}

function tableOf(decisions: readonly ComparedDecision[], most: number): readonly string[] {
  return decisionTable(distinctDecisions(decisions, most));
}

/** JSON has no maps. */
function plain({ request, before, after }: ComparedDecision): unknown {
  return { request: { ...request, labels: Object.fromEntries(request.labels) }, before, after };
}

/** Why the broker cannot start with these files on this machine: a key may be on another one. */
async function brokerProblems(path: string): Promise<readonly string[]> {
  try {
    await loadBroker(path);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
}

function verdict(findings: readonly Finding[], differing: number, toDo: number): readonly string[] {
  const lost = findings.filter(({ kind }) => kind === 'lost').length;
  const rest = [
    ...(lost === 0 ? [] : [`${lost} ${lost === 1 ? 'thing was' : 'things were'} not converted`]),
    ...(differing === 0 ? [] : [`${differing} ${differing === 1 ? 'decision differs' : 'decisions differ'}`]),
    ...(toDo === 0 ? [] : [`${toDo} ${toDo === 1 ? 'thing is' : 'things are'} to do before it starts here`]),
  ];
  const differs = findings.some(({ kind }) => kind === 'differs') ? ', with the differences above' : '';
  return rest.length === 0
    ? [`Everything was converted${differs}.`]
    : [`${rest.join(', ')}: see above, before this is used.`];
}
