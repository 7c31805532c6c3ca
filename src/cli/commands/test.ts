/** `fairlead test`: runs the tests of the policy file. */
import type { Command } from 'commander';
import { runPolicyTests } from '../../core/policy/policy-test.ts';
import type { PolicyTestResult } from '../../core/policy/policy-test.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import type { LoadedPolicy } from '../../config/load.ts';
import { createCommand, isOptionGiven } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

export function testCommand(run: Run): Command {
  const running = run(testPolicy);
  const command: Command = createCommand('test', 'Run the tests of the policy file; exit 1 when a test fails')
    .argument('[policy]', 'a policy file; default: that of the configuration')
    .action((policy: string | undefined, options: SharedOptions) =>
      running({ ...options, policy, isConfigNamed: isOptionGiven(command, 'config') }),
    );
  return command;
}

interface TestOptions extends SharedOptions {
  readonly policy: string | undefined;
  readonly isConfigNamed: boolean;
}

async function testPolicy(options: TestOptions, output: Output): Promise<number> {
  const { policy, tests } = await policyOf(options);
  const results = runPolicyTests(policy, tests);
  output.result(testLines(results), { tests: results.map(testJson) });
  return results.every(({ passed }) => passed) ? EXIT.ok : EXIT.no;
}

async function policyOf({ config: path, policy: file, isConfigNamed }: TestOptions): Promise<LoadedPolicy> {
  if (file !== undefined && !isConfigNamed) return loadPolicy(file);
  const { config } = await loadBroker(path, { secrets: 'unused' });
  return loadPolicy(file ?? config.policy.file, { services: Object.keys(config.services) });
}

export function testLines(results: readonly PolicyTestResult[]): readonly string[] {
  const failed = results.filter(({ passed }) => !passed);
  return [
    ...failed.map(({ test, summary }) => `${test.file}:${test.line}: FAILED ${summary}`),
    `policy tests: ${results.length - failed.length} passed, ${failed.length} failed`,
  ];
}

function testJson({ test, passed, granted, summary }: PolicyTestResult) {
  return { file: test.file, line: test.line, passed, expected: test.expect, granted, summary };
}
