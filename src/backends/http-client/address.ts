/** Addresses that passwords and secrets may be sent to. */
import { isLoopbackHost } from '../../core/address.ts';

/** @returns what is wrong with the address of an HTTP server, or undefined: it is https, or http on this machine. */
export function addressProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'expected a URL such as https://id.example.com/realms/corp';
  const url = new URL(text);
  if (url.protocol !== 'https:' && !isLoopbackHttp(url)) {
    return 'expected an https URL (http is for loopback addresses only)';
  }
  if (url.username !== '' || url.password !== '') return 'expected a URL without user name and password';
  return undefined;
}

/** Whether this is plain HTTP that does not leave the machine. */
export function isLoopbackHttp(url: URL): boolean {
  return url.protocol === 'http:' && isLoopbackHost(url.hostname);
}
