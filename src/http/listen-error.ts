/** What an operator does when a listener cannot be opened. */
import { isIPv6 } from 'node:net';
import type { ListenAddress } from '../core/listen-address.ts';

/** As in the configuration: `0.0.0.0:5001`, `[::]:5001`, `unix:/run/fairlead.sock`. */
export function addressText(address: ListenAddress): string {
  if ('socket' in address) return `unix:${address.socket}`;
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}

/** @param key the configuration key of the address, such as `listen` */
export function listenError(key: string, address: ListenAddress, cause: Error): Error {
  const code = 'code' in cause ? String(cause.code) : '';
  const advice = 'socket' in address ? socketAdvice(code) : portAdvice(code, address);
  return new Error(`${key}: cannot listen on ${addressText(address)}${advice === '' ? '' : `: ${advice}`}`, { cause });
}

function socketAdvice(code: string): string {
  if (code === 'EADDRINUSE') return 'this file exists and is no socket; remove it, or name another path';
  if (code === 'EACCES') return 'this user may not write to the folder; change its owner, or name another path';
  return '';
}

function portAdvice(code: string, { host, port }: { readonly host: string; readonly port: number }): string {
  switch (code) {
    case 'EADDRINUSE':
      return `another process uses port ${port}, perhaps a broker that runs already; find it with: ss -ltnp 'sport = :${port}' and stop it, or set another port`;
    case 'EAFNOSUPPORT':
      return `this machine has no IPv6; set ${host === '::1' ? '127.0.0.1' : '0.0.0.0'}:${port}`;
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this machine; set one that is, or ${isIPv6(host) ? '[::]' : '0.0.0.0'}:${port} for all`;
    case 'EACCES':
      return `this user may not use port ${port}; set a port above 1023`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} cannot be resolved; set an address`;
    default:
      return '';
  }
}
