/** `fairlead lint`: what in the policy works but is probably not meant. */
import type { Command } from 'commander';
import { policySources } from '../../app/policy-sources.ts';
import { lintFile } from '../../config/lint.ts';
import type { LintedPolicy, PlacedFinding } from '../../config/lint.ts';
import { loadBroker } from '../../config/load.ts';
import { createCommand, run } from '../command.ts';
import type { SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface LintOptions extends SharedOptions {
  readonly strict?: true;
  readonly policy: string | undefined;
}

export function lintCommand(): Command {
  const running = run(lint);
  return createCommand('lint', 'Say what in the policy works but is probably not meant; exit 1 when there is a warning')
    .argument('[policy]', 'a policy file; default: the one that is configured')
    .option('--strict', 'exit 1 for hints too')
    .addHelpText(
      'after',
      '\nFinds rules that add nothing or are never reached, denials without effect, patterns that no repository fits,\n' +
        'groups that no backend delivers, rules wider than is wise, push without pull, roles that nothing uses.',
    )
    .action((policy: string | undefined, options: SharedOptions) => running({ ...options, policy }));
}

async function lint({ config: path, policy, strict }: LintOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(path);
  const linted = await lintFile(policy ?? config.policy.file, await policySources(config));
  output.result(linesOf(linted), {
    policy: { rules: linted.policy.rules.length, revision: linted.policy.revision },
    complete: linted.complete,
    findings: linted.findings,
  });
  const matters = linted.findings.some(({ severity }) => severity === 'warning' || strict === true);
  return matters || (strict === true && !linted.complete) ? EXIT.no : EXIT.ok;
}

function linesOf({ policy, findings, complete }: LintedPolicy): readonly string[] {
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const rules = `${policy.rules.length} rule${policy.rules.length === 1 ? '' : 's'}`;
  return [
    ...findings.flatMap(sentences),
    ...(complete ? [] : ['not all rules were compared with each other: there are too many of the same repositories']),
    findings.length === 0
      ? `${rules}: nothing to remark`
      : `${rules}: warnings ${warnings}, hints ${findings.length - warnings}`,
  ];
}

function sentences({ severity, file, line, rule, message, cure }: PlacedFinding): readonly string[] {
  const subject = rule === '' ? '' : `rule "${rule}" `;
  return [`${file}:${line}: ${severity}: ${subject}${message}`, `    ${cure}`];
}
