/** A table of decisions before and after an import. */
import type { ComparedDecision } from './compare.ts';

type Row = readonly string[];

const HEAD: Row = [
  '',
  'who',
  'labels',
  'from',
  'service',
  'asks for',
  'docker_auth grants',
  'rule',
  'the policy grants',
  'rule',
];

/** One aligned row for each decision; different ones are marked. */
export function decisionTable(decisions: readonly ComparedDecision[]): readonly string[] {
  const rows = [HEAD, ...decisions.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function rowOf({ request, before, after, same }: ComparedDecision): Row {
  const labels = [...request.labels].map(([label, values]) => `${label}=${values.join('|')}`).join(' ');
  return [
    same ? '=' : '!',
    request.account === '' ? '(anonymous)' : request.account,
    labels === '' ? '-' : labels,
    request.ip === '' ? '-' : request.ip,
    request.service,
    `${request.type}:${request.name}:${request.actions.join(',')}`,
    listed(before.granted),
    before.rule === undefined ? '-' : String(before.rule),
    listed(after.granted),
    after.rule ?? '-',
  ];
}

function listed(actions: readonly string[]): string {
  return actions.length === 0 ? 'nothing' : actions.join(',');
}

/** One decision for each combination of rule, address and outcome. */
export function distinctDecisions(decisions: readonly ComparedDecision[], most: number): readonly ComparedDecision[] {
  const differing = decisions.filter(({ same }) => !same);
  const seen = new Set<string>();
  const telling = decisions.filter(({ request, before, same }) => {
    const key = [request.account, before.rule, before.granted.join()].join(' ');
    if (!same || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return [...differing, ...telling].slice(0, most);
}
