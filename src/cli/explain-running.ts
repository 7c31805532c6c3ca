/** `fairlead explain --running`: the decision of the running broker, with its policy in force and its backends. */
import { askBrokers } from '../app/control.ts';
import type { ApiRequest } from '../http/api/operations.ts';
import { UsageError } from './command.ts';
import { EXIT } from './output.ts';
import type { Output } from './output.ts';

/**
 * @returns the exit code
 * @throws UsageError when the broker refuses the question; ControlUnavailable when no broker answers
 */
export async function explainRunning(
  stateDir: string,
  question: ApiRequest<'explain'>,
  output: Output,
): Promise<number> {
  const { answers, silent } = await askBrokers(stateDir, 'explain', question, 1);
  const [first] = answers;
  if (first?.ok !== true) {
    throw new UsageError(first?.detail ?? `the broker at ${silent.join(', ')} does not answer`);
  }
  const { user, groups, backend, policyRevision, decisions } = first.answer;
  const source = backend === null ? 'as given' : `from backend ${backend}`;
  const list = groups.length === 0 ? 'none' : groups.join('; ');
  const who = user === null ? 'anonymous' : `user ${user}, ${source}, groups: ${list}`;
  output.result(
    [
      `policy ${policyRevision}, in force at the running broker`,
      who,
      ...decisions.flatMap(({ explanation }) => explanation),
    ],
    {
      user: user ?? '',
      groups,
      policyRevision,
      scopes: decisions.map(({ scope, granted, because }) => ({ scope, granted, because })),
    },
  );
  return decisions.every(({ complete }) => complete) ? EXIT.ok : EXIT.no;
}
