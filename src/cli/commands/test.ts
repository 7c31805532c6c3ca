/** `fairlead test`: runs the tests of the policy file. */
import type { Command } from 'commander';
import { runPolicyTests } from '../../core/policy/policy-test.ts';
import type { PolicyTestResult } from '../../core/policy/policy-test.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import { createCommand } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

export function testCommand(run: Run): Command {
  const running = run(testPolicy);
  return createCommand('test', 'Run the tests of the policy file; exit 1 when a test fails')
    .argument('[policy]', 'a policy file; default: that of the configuration')
    .action((policy: string | undefined, options: SharedOptions) => running({ ...options, policy }));
}

interface TestOptions extends SharedOptions {
  readonly policy: string | undefined;
}

async function testPolicy(options: TestOptions, output: Output): Promise<number> {
  const { policy, tests } = await loadPolicy(options.policy ?? (await loadBroker(options.config)).config.policy.file);
  const results = runPolicyTests(policy, tests);
  output.result(testLines(results), { tests: results.map(testJson) });
  return results.every(({ passed }) => passed) ? EXIT.ok : EXIT.no;
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
