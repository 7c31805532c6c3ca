import { definePreset } from './preset.ts';

const FULCIO = 'github.com/sigstore/fulcio: config/identity/config.yaml';

export const kubernetes = definePreset({
  name: 'kubernetes',
  title: 'Kubernetes',
  issuers: [
    { form: 'https://kubernetes.default.svc.cluster.local', of: 'kubeadm, kind, k3s and RKE2' },
    { form: 'https://kubernetes.default.svc', of: 'OpenShift and MicroK8s' },
    { form: 'https://oidc.eks.{region}.amazonaws.com/id/{id}', of: 'EKS' },
    {
      form: 'https://container.googleapis.com/v1/projects/{project}/locations/{location}/clusters/{cluster}',
      of: 'GKE',
    },
    { form: 'https://{region}.oic.prod-aks.azure.com/{tenant}/{id}/', of: 'AKS, with the slash at the end' },
    { form: 'https://oidc.prod-aks.azure.com/{id}/', of: 'AKS, older clusters' },
  ],
  defaultIssuer: 'https://kubernetes.default.svc.cluster.local',
  // Every `sub` begins with `system:serviceaccount:`, which is no name of a person.
  username: '{claim:sub}',
  groups: [
    { template: 'namespace:{claim:/kubernetes.io/namespace}' },
    { template: 'serviceaccount:{claim:/kubernetes.io/namespace}/{claim:/kubernetes.io/serviceaccount/name}' },
  ],
  audience: {
    defaults: [
      'kubernetes',
      'kubernetes:*',
      'kubernetes.default*',
      'https://kubernetes',
      'https://kubernetes/',
      'https://kubernetes:*',
      'https://kubernetes.default*',
      'k3s',
      'rke2',
      'api',
    ],
  },
  claims: { ids: {}, owners: {}, callerChosen: [], callerShaped: [], onRequest: {} },
  bind: ['/kubernetes.io/namespace'],
  guards: [],
  request: 'a projected volume: `serviceAccountToken: { path: token, audience: registry.example.com }`',
  sample: {
    iss: 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF',
    aud: ['registry.example.com'],
    sub: 'system:serviceaccount:team-web:builder',
    'kubernetes.io': {
      namespace: 'team-web',
      node: { name: 'node-1', uid: '646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1' },
      pod: { name: 'builder-0', uid: '8e6f7a70-5d8e-4cba-b4c6-0a63a7ba9f6b' },
      serviceaccount: { name: 'builder', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
    },
  },
  facts: [
    {
      about: 'claims and audiences of service account tokens',
      source: 'kubernetes.io: Managing Service Accounts, bound service account tokens',
      basis: 'document',
    },
    { about: 'the forms of the issuers of EKS, GKE and AKS', source: FULCIO, basis: 'code' },
    {
      about: 'the issuer of OpenShift',
      source: 'github.com/openshift/cluster-kube-apiserver-operator#809',
      basis: 'document',
    },
    {
      about: 'the slash at the end of the issuers of AKS',
      source: 'github.com/Azure/azure-workload-identity#1700',
      basis: 'document',
    },
    { about: 'the issuer of MicroK8s', source: 'reports', basis: 'unverified' },
  ],
});
