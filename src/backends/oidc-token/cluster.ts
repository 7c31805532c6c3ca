/** The Kubernetes cluster that the broker runs in, as every pod finds it. */
import { readFileWithin } from '../read-file.ts';
import { issuerProblem } from '../oidc/issuer.ts';
import { parseIdToken } from './token.ts';

/** How a pod reaches its cluster. */
export interface ClusterAccess {
  readonly keysUrl: string;
  readonly caFile: string;
  /** The token of the pod. The kubelet renews it. */
  readonly bearerFile: string;
}

export interface Cluster extends ClusterAccess {
  readonly issuer: string;
}

const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
export const IN_CLUSTER: ClusterAccess = {
  keysUrl: 'https://kubernetes.default.svc/openid/v1/jwks',
  caFile: `${MOUNT}/ca.crt`,
  bearerFile: `${MOUNT}/token`,
};

const CURE = 'configure issuer and keys, unless the broker runs in the cluster';

/**
 * The cluster, with the issuer that its API server puts into the token of this pod: EKS, GKE, AKS and OpenShift have
 * issuers of their own.
 *
 * @throws Error that names the file when the pod has no such token
 */
export async function readCluster(access: ClusterAccess): Promise<Cluster> {
  const { bearerFile } = access;
  let text: string;
  try {
    text = (await readFileWithin(bearerFile)).toString().trim();
  } catch (cause) {
    throw new Error(`${bearerFile}: cannot be read; ${CURE}`, { cause });
  }
  const token = parseIdToken(text);
  const issuer = typeof token === 'string' ? undefined : token.claims['iss'];
  // A token of the time before Kubernetes 1.24 has the issuer `kubernetes/serviceaccount`, which has no keys.
  if (typeof issuer !== 'string' || issuerProblem(issuer) !== undefined) {
    throw new Error(`${bearerFile}: names no issuer that is a URL; ${CURE}`);
  }
  return { ...access, issuer };
}
