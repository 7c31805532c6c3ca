/** Which addresses a connection may ask. Metadata names endpoints, so some addresses are chosen by the peer. */
import { isLoopbackHttp } from './address.ts';

/**
 * Plain HTTP to loopback is for servers on this machine that the configuration names as such. A server elsewhere must
 * not lead the broker, and the passwords that it sends, to a service of this machine (server-side request forgery).
 *
 * @param configured the addresses in the configuration: the issuer, and that of the keys
 * @param hasProxy whether an HTTP proxy is asked, which reaches no loopback address of this machine
 */
export function endpointCheck(configured: readonly string[], hasProxy: boolean): (url: URL) => boolean {
  const allowsLoopbackHttp = !hasProxy && configured.some((address) => isLoopbackHttp(new URL(address)));
  return (url) => url.protocol === 'https:' || (allowsLoopbackHttp && isLoopbackHttp(url));
}
