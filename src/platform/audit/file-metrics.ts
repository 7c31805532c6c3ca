/** The metrics of the build, and of the files that the broker reads. */
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** What is in force, as the metrics show it. */
export interface PolicyStatus {
  /** Undefined: no policy has been read. */
  readonly revision: string | undefined;
  readonly failedTests: number;
}

export interface FileMetrics {
  /** Records that a file was read, or refused: then the old content stays in force. @param now seconds since 1970 */
  recordRead(source: string, outcome: 'loaded' | 'refused', now: number): void;
  /** Counts a reload. */
  countReload(source: string, outcome: 'loaded' | 'refused'): void;
  /** @param policies called whenever the page is read; by name: `active`, `shadow` */
  observePolicies(policies: () => Readonly<Record<string, PolicyStatus>>): void;
  /** @param isChanged called whenever the page is read */
  observeConfigChange(isChanged: () => boolean): void;
}

export function fileMetrics(registry: Registry, version: string): FileMetrics {
  const registers = [registry];
  new Gauge({
    name: 'fairlead_build_info',
    help: 'Always 1; the labels are the version of Fairlead and of Node.js',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1);
  const reloads = new Counter({
    name: 'fairlead_reloads_total',
    help: 'Reloads by source and outcome; refused: a file is invalid and the old content stays in force',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const stale = new Gauge({
    name: 'fairlead_source_stale',
    help: 'Whether the files of a source are invalid, so that their last valid content is in force',
    labelNames: ['source'],
    registers,
  });
  const lastReload = new Gauge({
    name: 'fairlead_source_loaded_timestamp_seconds',
    help: 'When the content in force was read, in seconds since 1970',
    labelNames: ['source'],
    registers,
  });
  return {
    countReload: (source, outcome) => reloads.inc({ source, outcome }),
    recordRead: (source, outcome, now) => {
      stale.set({ source }, outcome === 'refused' ? 1 : 0);
      if (outcome === 'loaded') lastReload.set({ source }, now);
    },
    observePolicies: (policies) => addPolicyGauges(registry, policies),
    observeConfigChange: (isChanged) => {
      // oxlint-disable-next-line no-new -- it registers itself
      new Gauge({
        name: 'fairlead_config_changed',
        help: 'Whether broker.yaml has changed since the start: a restart is needed to use it',
        registers,
        collect() {
          this.set(isChanged() ? 1 : 0);
        },
      });
    },
  };
}

function addPolicyGauges(registry: Registry, policies: () => Readonly<Record<string, PolicyStatus>>): void {
  // oxlint-disable-next-line no-new -- it registers itself
  new Gauge({
    name: 'fairlead_policy_info',
    help: 'Always 1; the labels are the policy (active, shadow) and its revision',
    labelNames: ['policy', 'revision'],
    registers: [registry],
    collect() {
      // An earlier revision is not in force any more.
      this.reset();
      for (const [policy, { revision }] of Object.entries(policies())) {
        if (revision !== undefined) this.set({ policy, revision }, 1);
      }
    },
  });
  // oxlint-disable-next-line no-new -- it registers itself
  new Gauge({
    name: 'fairlead_policy_failed_tests',
    help: 'Tests of the policy in use that fail',
    labelNames: ['policy'],
    registers: [registry],
    collect() {
      for (const [policy, { failedTests }] of Object.entries(policies())) this.set({ policy }, failedTests);
    },
  });
}
