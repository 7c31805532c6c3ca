/** The alert rules and the dashboard of docker/monitoring, by promtool. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { metricNames } from '../support/metric-names.ts';
import { findPart } from '../support/parts.ts';
import { runOk } from '../support/process.ts';
import { ALERTS, expectAlerts, MONITORING, PROMTOOL } from '../support/prometheus.ts';

const LABELS = 'job="fairlead",instance="a"';

/** Each with the values of its fault, which begins after an hour and ends after two. */
const FAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  FairleadDown: { [`up{${LABELS}}`]: '1x59 0x59 1x119' },
  FairleadBackendDown: { [`fairlead_backend_up{${LABELS},backend="corp"}`]: '1x59 0x59 1x119' },
  FairleadRecordsDown: { [`fairlead_records_up{${LABELS}}`]: '1x59 0x59 1x119' },
  FairleadSharedStoreDown: { [`fairlead_shared_store_up{${LABELS}}`]: '1x59 0x59 1x119' },
  FairleadSourceStale: { [`fairlead_source_stale{${LABELS},source="policy"}`]: '0x59 1x59 0x119' },
  FairleadPolicyTestsFail: { [`fairlead_policy_failed_tests{${LABELS},policy="active"}`]: '0x59 2x59 0x119' },
  FairleadConfigChanged: { [`fairlead_config_changed{${LABELS}}`]: '0x59 1x59 0x119' },
  FairleadCertificateExpires: {
    [`fairlead_tls_certificate_expiry_timestamp_seconds{${LABELS}}`]: '9000000x59 3600x59 9000000x119',
  },
  FairleadSigningCertificateExpires: {
    [`fairlead_signing_certificate_expiry_timestamp_seconds{${LABELS},key="default",certificate="trusted"}`]:
      '9000000x59 3600x59 9000000x119',
  },
  FairleadSigningKeyNotRenewed: {
    [`fairlead_signing_certificate_renew_by_timestamp_seconds{${LABELS},key="default"}`]:
      '9000000x59 3000x59 9000000x119',
  },
  FairleadLogLinesLost: { [`fairlead_log_lines_dropped_total{${LABELS},target="audit"}`]: '0x59 1+1x59 60x119' },
  FairleadTokensFail: {
    [`fairlead_tokens_total{${LABELS},outcome="issued"}`]: '0+90x239',
    [`fairlead_tokens_total{${LABELS},outcome="backend_unavailable"}`]: '0x59 10+10x59 600x119',
  },
  FairleadManyRefusedLogins: {
    [`fairlead_logins_refused_total{${LABELS},backend="corp",reason="wrong-password"}`]: '0x59 90+90x59 5400x119',
  },
  FairleadSlowLogins: {
    [`fairlead_login_seconds_bucket{${LABELS},backend="corp",outcome="authenticated",le="1"}`]:
      '0+10x59 600x59 600+10x119',
    [`fairlead_login_seconds_bucket{${LABELS},backend="corp",outcome="authenticated",le="5"}`]: '0+10x239',
    [`fairlead_login_seconds_bucket{${LABELS},backend="corp",outcome="authenticated",le="+Inf"}`]: '0+10x239',
  },
  FairleadConnectionsFull: {
    [`fairlead_open_connections{${LABELS},listener="main"}`]: '10x59 95x59 10x119',
    [`fairlead_connection_limit{${LABELS},listener="main"}`]: '100x239',
  },
  FairleadShadowDiffers: { [`fairlead_shadow_decisions_total{${LABELS},outcome="differs"}`]: '0x59 1+1x59 60x119' },
};

/** Values of the same metrics that are no fault. */
const HARMLESS: Readonly<Record<string, string>> = {
  [`fairlead_tokens_total{${LABELS},outcome="issued"}`]: '0+90x119',
  [`fairlead_tokens_total{${LABELS},outcome="invalid_credentials"}`]: '0+50x119',
  [`fairlead_logins_refused_total{${LABELS},backend="corp",reason="wrong-password"}`]: '0+50x119',
  [`fairlead_shadow_decisions_total{${LABELS},outcome="same"}`]: '0+50x119',
  [`fairlead_open_connections{${LABELS},listener="main"}`]: '89x119',
  [`fairlead_connection_limit{${LABELS},listener="main"}`]: '100x119',
  [`fairlead_tls_certificate_expiry_timestamp_seconds{${LABELS}}`]: '1300000x119',
  [`fairlead_signing_certificate_expiry_timestamp_seconds{${LABELS},key="a",certificate="trusted"}`]: '2700000x119',
  [`fairlead_signing_certificate_expiry_timestamp_seconds{${LABELS},key="a",certificate="leaf"}`]: '3600x119',
  [`fairlead_signing_certificate_renew_by_timestamp_seconds{${LABELS},key="a"}`]: '7300x119',
};

async function alertNames(): Promise<readonly string[]> {
  const rules = parse(await readFile(ALERTS, 'utf8')) as { groups: { rules: { alert: string }[] }[] };
  return rules.groups.flatMap((group) => group.rules.map(({ alert }) => alert));
}

async function dashboardExpressions(): Promise<readonly string[]> {
  const dashboard = JSON.parse(await readFile(join(MONITORING, 'fairlead-dashboard.json'), 'utf8')) as {
    panels: { targets: { expr: string }[] }[];
  };
  return dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

describe('the alert rules', () => {
  it('and the expressions of the dashboard name only metrics that exist', async () => {
    const known = new Set(await metricNames());
    const texts = [await readFile(ALERTS, 'utf8'), ...(await dashboardExpressions())];
    const named = texts.flatMap((text) => [...text.matchAll(/fairlead_\w+/g)].map(([name]) => name));

    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !known.has(name.replace(/_bucket$/, '')))).toEqual([]);
  });

  it('have a row each in the reference, and a fault in this test', async () => {
    const names = await alertNames();
    const reference = await readFile(join(MONITORING, '../../config/reference/metrics.md'), 'utf8');
    const documented = [...reference.matchAll(/^\| `(Fairlead\w+)`/gm)].flatMap(([, name]) => name ?? []);

    expect(documented).toEqual(names);
    expect(Object.keys(FAULTS).toSorted()).toEqual(names.toSorted());
  });
});

describe.skipIf(findPart(PROMTOOL) === undefined)('promtool', () => {
  it('accepts the alert rules', async () => {
    expect(await runOk('promtool', ['check', 'rules', ALERTS])).toMatch(/SUCCESS: \d+ rules found/);
  });

  it('accepts every expression of the dashboard', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-dashboard-'));
    const path = join(folder.path, 'rules.yaml');
    const expressions = await dashboardExpressions();
    const rules = expressions.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*').replaceAll('$instance', '.*'),
    }));
    await writeFile(path, stringify({ groups: [{ name: 'dashboard', rules }] }));

    expect(await runOk('promtool', ['check', 'rules', path])).toContain(`SUCCESS: ${expressions.length} rules found`);
  });

  it.each(Object.keys(FAULTS))('%s fires during its fault, and not before or after it', async (alert) => {
    await expectAlerts({
      series: FAULTS[alert] ?? {},
      expected: [
        { minute: 59, alerts: [] },
        { minute: 60 + 55, alerts: [alert] },
        { minute: 120 + 90, alerts: [] },
      ],
    });
  });

  it('fires no alert without a fault', async () => {
    await expectAlerts({ series: HARMLESS, expected: [30, 60, 119].map((minute) => ({ minute, alerts: [] })) });
  });

  it('reports an alert that is expected and does not fire', async () => {
    const missing = expectAlerts({ series: HARMLESS, expected: [{ minute: 60, alerts: ['FairleadDown'] }] });

    await expect(missing).rejects.toThrow('the alerts are not as expected');
  });
});
