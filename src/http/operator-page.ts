/** Who may read the pages for operators: metrics, and the details of readiness. */
import type { Request } from 'express';
import { isLoopback, parseAddress } from '../core/address.ts';

/** `anyone`: on the admin listener. `loopback`: clients of the same machine. `nobody`: the admin listener has the pages. */
export type Readers = 'anyone' | 'loopback' | 'nobody';

/** Headers that proxies add. A proxy on this machine has a loopback address, and its clients have any. */
const FORWARDING_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-real-ip',
  'x-client-ip',
  'x-original-forwarded-for',
  'true-client-ip',
  'cf-connecting-ip',
] as const;

/** The request, as far as this decision needs it. */
type Origin = Pick<Request, 'headers'> & { readonly socket: { readonly remoteAddress?: string | undefined } };

export function mayRead(readers: Readers, request: Origin): boolean {
  return readers === 'anyone' || (readers === 'loopback' && isDirectFromLoopback(request));
}

/**
 * The address is that of the socket, never one from a header. A peer on a Unix socket has no address, and is usually a
 * proxy, so it may not read.
 */
function isDirectFromLoopback({ headers, socket }: Origin): boolean {
  const address = parseAddress(socket.remoteAddress ?? '');
  return (
    address !== undefined && isLoopback(address) && FORWARDING_HEADERS.every((name) => headers[name] === undefined)
  );
}
