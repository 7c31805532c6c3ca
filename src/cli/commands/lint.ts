/** `fairlead lint`: finds rules that work but are probably a mistake. */
import type { Command } from 'commander';
import { policySources, proveOptions } from '../../app/policy-sources.ts';
import { lintFile } from '../../config/lint.ts';
import type { LintedPolicy, PlacedFinding } from '../../config/lint.ts';
import { loadBroker } from '../../config/load.ts';
import { createCommand, isOptionGiven } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { areProved, invariantJson, invariantLines, proveAll } from '../invariant-text.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface LintOptions extends SharedOptions {
  readonly strict?: true;
  readonly policy: string | undefined;
  readonly isConfigNamed: boolean;
}

export function lintCommand(run: Run): Command {
  const running = run(lint);
  const command: Command = createCommand(
    'lint',
    'Find rules that work but are probably a mistake; exit 1 when there is a warning',
  )
    .argument('[policy]', 'a policy file; default: that of the configuration')
    .option('--strict', 'exit 1 when there is a hint, too')
    .addHelpText(
      'after',
      '\nFinds rules that add nothing or are never reached, denials without effect, patterns that no repository matches,\n' +
        'services that are not configured, groups that no backend delivers, rules that are too wide, push without pull, unused roles.\n' +
        'With a policy file, services, groups and users are compared with the configuration only if --config is given.',
    )
    .action((policy: string | undefined, options: SharedOptions) =>
      running({ ...options, policy, isConfigNamed: isOptionGiven(command, 'config') }),
    );
  return command;
}

async function lint(options: LintOptions, output: Output): Promise<number> {
  const { strict } = options;
  const { linted, config } = await lintPolicyOf(options, output);
  const invariants = proveAll(linted, config === undefined ? {} : proveOptions(config));
  output.result([...linesOf(linted), ...invariantLines(invariants)], {
    policy: { rules: linted.policy.rules.length, revision: linted.policy.revision },
    complete: linted.complete,
    findings: linted.findings,
    invariants: invariants.map(invariantJson),
  });
  const matters = linted.findings.some(({ severity }) => severity === 'warning' || strict === true);
  return matters || !areProved(invariants) || (strict === true && !linted.complete) ? EXIT.no : EXIT.ok;
}

async function lintPolicyOf({ config: path, policy, isConfigNamed }: LintOptions, output: Output) {
  if (policy !== undefined && !isConfigNamed) {
    output.remark('services, groups and users are not compared with the configuration; give --config to compare them');
    return { linted: await lintFile(policy), config: undefined };
  }
  const { config } = await loadBroker(path, { secrets: 'unused' });
  const known = { sources: await policySources(config), services: Object.keys(config.services) };
  return { linted: await lintFile(policy ?? config.policy.file, known), config };
}

function linesOf({ policy, findings, complete }: LintedPolicy): readonly string[] {
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const rules = `${policy.rules.length} rule${policy.rules.length === 1 ? '' : 's'}`;
  return [
    ...findings.flatMap(sentences),
    ...(complete ? [] : ['not all rules were compared with each other: too many are for the same repositories']),
    findings.length === 0
      ? `${rules}: no findings`
      : `${rules}: warnings ${warnings}, hints ${findings.length - warnings}`,
  ];
}

function sentences({ severity, file, line, rule, message, cure }: PlacedFinding): readonly string[] {
  const subject = rule === '' ? '' : `rule "${rule}" `;
  return [`${file}:${line}: ${severity}: ${subject}${message}`, `    ${cure}`];
}
