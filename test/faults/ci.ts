/** Faults in what is known about systems that issue ID tokens. */
import type { Fault } from './fault.ts';

const CONFIG = ['test/unit/backends/oidc-token/config.test.ts'];
const PRESETS = ['test/unit/backends/oidc-token/presets.test.ts'];
const LOGINS = ['test/unit/flows/preset-tokens.test.ts'];
const EXAMINE = ['test/unit/backends/oidc-token/examine.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'ci-1',
    effect: 'a claim that a job chooses is all that bound needs to accept its token',
    file: 'src/backends/oidc-token/config-check.ts',
    find: 'if (claims.some((claim) => isReliable(preset, claim))) return [];',
    replace: 'if (claims.length > 0) return [];',
    tests: CONFIG,
  },
  {
    id: 'ci-2',
    effect: 'a job chooses the user name that rules are about',
    file: 'src/backends/oidc-token/config-check.ts',
    find: 'if (chosen.length > 0) {',
    replace: 'if (chosen.length > 9) {',
    tests: CONFIG,
  },
  {
    id: 'ci-3',
    effect: 'a pattern whose owner is a wildcard counts as the owner of a job',
    file: 'src/backends/oidc-token/claim-knowledge.ts',
    find: "text.slice(0, text.indexOf('*'))",
    replace: 'text',
    tests: CONFIG,
  },
  {
    id: 'ci-4',
    effect: 'ids in braces make names that no policy can write',
    file: 'src/backends/oidc-token/template.ts',
    find: '?.map(withoutBraces)',
    replace: '',
    tests: LOGINS,
  },
  {
    id: 'ci-5',
    effect: 'a person with a shell in a job of CircleCI has the groups of its restricted contexts',
    file: 'src/backends/oidc-token/presets/circleci.ts',
    find: "context-ids}', when: { [SSH]: 'false' } },",
    replace: "context-ids}' },",
    tests: LOGINS,
  },
  {
    id: 'ci-6',
    effect: 'an audience that Azure gives by default is accepted from every system',
    file: 'src/backends/oidc-token/audience.ts',
    find: 'if (own.audience.only?.includes(audience) === true) return undefined;',
    replace: 'if (PRESETS.some((preset) => preset.audience.only?.includes(audience))) return undefined;',
    tests: CONFIG,
  },
  {
    id: 'ci-7',
    effect: 'workloads of spiffe://example.org.evil log in at the trust domain spiffe://example.org',
    file: 'src/backends/oidc-token/trust-domain.ts',
    find: 'sub.startsWith(`${issuer}/`)',
    replace: 'sub.startsWith(issuer)',
    tests: EXAMINE,
  },
  {
    id: 'ci-8',
    effect: 'a broker in EKS, GKE, AKS or OpenShift refuses every pod, because it expects the issuer of kubeadm',
    file: 'src/backends/oidc-token/settings.ts',
    find: "issuer: cluster?.issuer ?? issuerOf(config) ?? '',",
    replace: "issuer: issuerOf(config) ?? '',",
    tests: CONFIG,
  },
  {
    id: 'ci-9',
    effect: 'an issuer of anybody counts as Jenkins or GitLab because its URL has the same form',
    file: 'src/backends/oidc-token/presets/index.ts',
    find: "!form.startsWith('https://{host}') &&",
    replace: '',
    tests: PRESETS,
  },
  {
    id: 'ci-10',
    effect: 'the group of a preset reads what a job chooses, without a condition',
    file: 'src/backends/oidc-token/presets/buildkite.ts',
    find: "{ template: 'buildkite-cluster-id:{claim:cluster_id}' },",
    replace: "{ template: 'buildkite-queue:{claim:queue_key}' },",
    tests: PRESETS,
  },
  {
    id: 'ci-11',
    effect: 'a job chooses the value of {claim:NAME} in a policy, such as the name of its environment',
    file: 'src/backends/oidc-token/identity.ts',
    find: '.filter(([name]) => !isChosenName(preset, name))',
    replace: '.filter(([name]) => name.length + preset.name.length > 0)',
    tests: LOGINS,
  },
  {
    id: 'ci-12',
    effect: 'the user name at GitHub is the sub that its owner chooses, where only the issuer is configured',
    file: 'src/backends/oidc-token/settings.ts',
    find: "(known.claims.callerShaped.includes('sub') ? known : presetNamed(configured)).username",
    replace: "(known.claims.callerShaped.includes('none') ? known : presetNamed(configured)).username",
    tests: CONFIG,
  },
];
