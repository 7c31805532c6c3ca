/** The text of broker.yaml. */
import { stringify } from 'yaml';
import type { RegistryAnswers } from './registry.ts';

interface BrokerAnswers extends RegistryAnswers {
  readonly isPublic: boolean;
  /** The entry of `backends`. */
  readonly backend: Readonly<Record<string, unknown>>;
}

export function brokerText({ listen, publicUrl, service, isPublic, backend }: BrokerAnswers): string {
  const quoted = JSON.stringify;
  return [
    `listen: ${quoted(listen)}`,
    `publicUrl: ${quoted(publicUrl)}`,
    'stateDir: ./data                # the private key: no registry needs it',
    'trustDir: ./trust               # what registries need to verify tokens',
    '',
    'services:',
    `  ${quoted(service)}:`,
    `    anonymous: ${isPublic ? 'allow' : 'deny'}`,
    '',
    stringify({ backends: [backend] }).trimEnd(),
    '',
    'policy: policy.yaml',
    '',
  ].join('\n');
}
