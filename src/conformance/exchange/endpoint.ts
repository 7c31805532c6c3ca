/** Where a server is. */
import { withoutBrackets } from '../../core/address.ts';

interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

export function endpointOf({ protocol, hostname, port }: URL): Endpoint {
  const isTls = protocol === 'https:';
  return { host: withoutBrackets(hostname), port: port === '' ? (isTls ? 443 : 80) : Number(port), isTls };
}
