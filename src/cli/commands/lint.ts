/** `fairlead lint`: finds rules that work but are probably a mistake. */
import type { Command } from 'commander';
import { policySources, proveOptions } from '../../app/policy-sources.ts';
import { lintFile } from '../../config/lint.ts';
import type { LintedPolicy, PlacedFinding } from '../../config/lint.ts';
import { loadBroker } from '../../config/load.ts';
import { shownPath } from '../../config/read-text.ts';
import { robotsOf } from '../../config/robots-schema.ts';
import { MAX_TESTED_RULES } from '../../core/policy/lint/removable.ts';
import { createCommand, isOptionGiven } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { areProved, invariantJson, invariantLines, proveAll } from '../invariant-text.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { plural } from '../plural.ts';

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
        'services and robots that are not configured, groups that no backend delivers, robots that no rule names, rules that are too wide, push without pull, unused roles.\n' +
        'With a policy file, services, groups, users and robots are compared with the configuration only if --config is given.',
    )
    .action((policy: string | undefined, options: SharedOptions) =>
      running({ ...options, policy, isConfigNamed: isOptionGiven(command, 'config') }),
    );
  return command;
}

async function lint(options: LintOptions, output: Output): Promise<number> {
  const { strict } = options;
  const { linted, config } = await lintPolicyOf(options, output);
  if (linted.policy.rules.length > MAX_TESTED_RULES)
    output.remark(
      `rules that add nothing because of several others together are only found in policies of up to ${MAX_TESTED_RULES} rules`,
    );
  const invariants = proveAll(linted, config === undefined ? {} : proveOptions(config));
  output.result([...linesOf(linted), ...invariantLines(invariants)], {
    policy: { rules: linted.policy.rules.length, revision: linted.policy.revision },
    complete: linted.gaps.length === 0,
    findings: linted.findings,
    gaps: linted.gaps,
    invariants: invariants.map(invariantJson),
  });
  const matters = linted.findings.some(({ severity }) => severity === 'warning' || strict === true);
  return matters || !areProved(invariants) || (strict === true && linted.gaps.length > 0) ? EXIT.no : EXIT.ok;
}

async function lintPolicyOf({ config: path, policy, isConfigNamed }: LintOptions, output: Output) {
  if (policy !== undefined && !isConfigNamed) {
    output.remark(
      'services, groups, users and robots are not compared with the configuration; give --config to compare them',
    );
    return { linted: await lintFile(policy), config: undefined };
  }
  const { config, source } = await loadBroker(path, { secrets: 'unused' });
  const known = {
    sources: await policySources(config),
    services: Object.keys(config.services),
    robots: [...robotsOf(config.robots).values()].map((robot) => ({
      robot,
      file: shownPath(source.path),
      line: source.lineOf(['robots', robot.name]),
    })),
  };
  return { linted: await lintFile(policy ?? config.policy.file, known), config };
}

function linesOf({ policy, findings, gaps }: LintedPolicy): readonly string[] {
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const rules = plural(policy.rules.length, 'rule');
  return [
    ...findings.flatMap(sentences),
    ...gaps.map(({ file, line, rule, message }) => `${file}:${line}: open: ${subject(rule)}${message}`),
    findings.length === 0
      ? `${rules}: no findings`
      : `${rules}: warnings ${warnings}, hints ${findings.length - warnings}`,
  ];
}

function sentences({ severity, file, line, rule, message, cure }: PlacedFinding): readonly string[] {
  return [`${file}:${line}: ${severity}: ${subject(rule)}${message}`, `    ${cure}`];
}

function subject(rule: string): string {
  return rule === '' ? '' : `rule "${rule}" `;
}
