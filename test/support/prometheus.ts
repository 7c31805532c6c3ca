/** What Prometheus makes of the metrics of a broker and of the alert rules, by promtool. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Part } from './parts.ts';
import { run } from './process.ts';

export const PROMTOOL: Part = { program: 'promtool', debian: 'prometheus' };
export const MONITORING = resolve(import.meta.dirname, '../../docker/monitoring');
export const ALERTS = join(MONITORING, 'fairlead-alerts.yaml');

/** The minutes of a phase: more than the longest `for` of an alert and the ranges of its expression. */
export const PHASE_MINUTES = 90;

/** A metric over time, and which alerts fire. */
export interface Scenario {
  /** Series in the notation of promtool: `0x10 1x20`. */
  readonly series: Readonly<Record<string, string>>;
  readonly expected: readonly { readonly minute: number; readonly alerts: readonly string[] }[];
}

/** @throws Error with the report of promtool when other alerts fire than expected */
export async function expectAlerts({ series, expected }: Scenario): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-alerts-'));
  const path = join(folder.path, 'test.yaml');
  const test = {
    rule_files: [ALERTS],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: expected.map(({ minute, alerts }) => ({
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: `${minute}m`,
          exp_samples: alerts.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
        })),
      },
    ],
  };
  await writeFile(path, stringify(test, { lineWidth: 0 }));
  const { code, stdout, stderr } = await run(PROMTOOL.program, ['test', 'rules', path]);
  if (code !== 0) throw new Error(`the alerts are not as expected:\n${stdout}${stderr}`);
}

/** What a broker showed during a phase, which then lasts `PHASE_MINUTES`. */
export interface Phase {
  /** The page of metrics; undefined: the broker does not answer. */
  readonly page: string | undefined;
  /** When the page was read, in seconds since 1970. */
  readonly at: number;
  /** How often each minute counts up what was counted since the page before. */
  readonly times?: number;
  /** The alerts that fire at the end of the phase. */
  readonly alerts: readonly string[];
}

/** Whether the alerts fire that each phase names, and no others. Throws as `expectAlerts` does. */
export async function expectAlertsInPhases(phases: readonly Phase[]): Promise<void> {
  const pages = phases.map((phase) => ({ ...phase, values: valuesOf(phase.page) }));
  const names = new Set(pages.flatMap(({ values }) => [...values.keys()]));
  const series = [...names].map((name) => [name, valuesOverTime(name, pages)] as const);
  const up = pages.map(({ page }) => `${page === undefined ? 0 : 1}x${PHASE_MINUTES - 1}`).join(' ');
  await expectAlerts({
    series: { 'up{job="fairlead",instance="a"}': up, ...Object.fromEntries(series) },
    expected: phases.map(({ alerts }, index) => ({ minute: (index + 1) * PHASE_MINUTES - 1, alerts })),
  });
}

function valuesOf(page = ''): ReadonlyMap<string, number> {
  return new Map(
    [...page.matchAll(/^(fairlead_\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels, value]) => [
      `${name}{${[...(labels === undefined ? [] : [labels]), 'job="fairlead"', 'instance="a"'].join(',')}}`,
      Number(value),
    ]),
  );
}

type ReadPhase = Phase & { readonly values: ReadonlyMap<string, number> };

function valuesOverTime(name: string, phases: readonly ReadPhase[]): string {
  let counted = 0;
  let before = 0;
  return phases
    .map(({ page, values, at, times = 1 }, index) => {
      if (page === undefined) return `_x${PHASE_MINUTES}`;
      const value = values.get(name) ?? 0;
      if (!/_total|_bucket|_count|_sum/.test(name)) {
        // The clock of promtool starts at 0.
        const shown = name.includes('_timestamp_seconds') ? value - at + index * PHASE_MINUTES * 60 : value;
        return `${shown}x${PHASE_MINUTES - 1}`;
      }
      const step = Math.max(0, value - before) * times;
      before = value;
      const start = counted + step;
      counted = start + step * (PHASE_MINUTES - 1);
      return `${start}+${step}x${PHASE_MINUTES - 1}`;
    })
    .join(' ');
}
