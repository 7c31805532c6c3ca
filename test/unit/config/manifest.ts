/** The Kubernetes manifest as its objects, with what the tests ask of them. */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly resources: { readonly limits?: Readonly<Record<string, string>> };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly startupProbe?: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly emptyDir?: object;
}

export interface PodSpec {
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly automountServiceAccountToken: boolean;
}

interface ManifestObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

interface Manifest {
  readonly text: string;
  readonly objects: readonly ManifestObject[];
  /** @throws when there is none */
  object(kind: string, name: string): ManifestObject;
  spec(kind: string, name: string): unknown;
}

export async function readManifest(path: string): Promise<Manifest> {
  const text = await readFile(path, 'utf8');
  // Kubernetes reads YAML 1.1.
  const objects = parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as ManifestObject);
  const object = (kind: string, name: string): ManifestObject => {
    const found = objects.find((one) => one.kind === kind && one.metadata.name === name);
    if (found === undefined) throw new Error(`the manifest has no ${kind} ${name}`);
    return found;
  };
  return { text, objects, object, spec: (kind, name) => object(kind, name).spec };
}
