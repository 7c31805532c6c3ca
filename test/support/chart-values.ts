/** Values of the chart for tests: the smallest that it accepts, and those that enable all of it. */
import type { Values } from './helm.ts';

const SERVICE = 'registry.example.com';

export const SMALLEST = {
  image: { repository: 'images.example.com/fairlead' },
  config: { publicUrl: 'https://auth.example.com', services: { [SERVICE]: { anonymous: 'deny' } }, backends: [] },
  policy: { text: 'rules: []\n' },
  signingKey: { secret: 'signing' },
} as const satisfies Values;

export const SMALLEST_SIDECAR = { ...SMALLEST, mode: 'sidecar', replicas: 1, signingKey: {} } as const satisfies Values;

const everything = {
  ...SMALLEST,
  serviceMonitor: { enabled: true },
  prometheusRule: { enabled: true },
  ingress: { enabled: true, host: 'auth.example.com' },
  httpRoute: { enabled: true, parentRefs: [{ name: 'public' }] },
  networkPolicy: { monitoring: [{ podSelector: {} }] },
} as const;

/** Together they use each value. */
export const BASES: readonly Values[] = [
  everything,
  { ...everything, autoscaling: { enabled: true } },
  { ...everything, mode: 'sidecar' },
  { ...everything, mode: 'sidecar', replicas: 1 },
];

const LABELS = { 'example.com/label': 'changed' };
const POD = { namespaceSelector: { matchLabels: LABELS } };

/** Another value of each kind that the schema alone does not give. */
export const OTHERS: Readonly<Record<string, unknown>> = {
  config: { publicUrl: 'https://other.example.com' },
  'image.digest': `sha256:${'0'.repeat(64)}`,
  'image.pullSecrets': ['pull'],
  'policy.text': 'rules: []\n# changed\n',
  files: { 'users.yaml': 'users: {}\n' },
  secrets: ['directory'],
  'state.sizeLimit': '32Mi',
  env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/secrets/ca.pem' }],
  volumes: [{ name: 'more', emptyDir: {} }],
  volumeMounts: [{ name: 'more', mountPath: '/more' }],
  resources: { limits: { cpu: '2' } },
  podLabels: LABELS,
  podAnnotations: LABELS,
  nodeSelector: LABELS,
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  'topologySpread.keys': ['example.com/rack'],
  'serviceAccount.annotations': LABELS,
  'podDisruptionBudget.maxUnavailable': '25%',
  'service.annotations': LABELS,
  'ingress.annotations': LABELS,
  'ingress.paths': ['/auth/token'],
  'httpRoute.annotations': LABELS,
  'httpRoute.parentRefs': [{ name: 'private' }],
  'httpRoute.hostnames': ['auth.example.com'],
  'httpRoute.paths': ['/auth/token'],
  'networkPolicy.clients': [POD],
  'networkPolicy.monitoring': [POD],
  'networkPolicy.egress': [{ ports: [{ port: 6379 }] }],
  'serviceMonitor.labels': LABELS,
  'serviceMonitor.interval': '15s',
  'prometheusRule.labels': LABELS,
  'registry.env': [{ name: 'REGISTRY_STORAGE', value: 's3' }],
  'registry.resources': { limits: { cpu: '2' } },
};
