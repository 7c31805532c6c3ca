/** Proxies that report the address of the client: by address, or by the socket file through which they connect. */
import { z } from 'zod';
import { parseClientRange } from '../core/client-range.ts';

/** Any peer that connects through the socket file of `listen`. */
export const SOCKET_PEER = 'unix';

/** Where trusted proxies report the address of the client. */
export const CLIENT_ADDRESS_SOURCES = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'proxy-protocol'] as const;

type TrustedProxy =
  | { readonly kind: 'socket'; readonly text: typeof SOCKET_PEER }
  | { readonly kind: 'range'; readonly text: string; readonly contains: (address: string) => boolean };

export const trustedProxy = z.string().transform((text, context): TrustedProxy => {
  if (text === SOCKET_PEER) return { kind: 'socket', text };
  const range = parseClientRange(text);
  if (typeof range !== 'string') return { kind: 'range', ...range };
  context.addIssue({ code: 'custom', message: range, input: text });
  return z.NEVER;
});

/** @returns whether a peer is trusted; the address of a peer on a socket file is undefined */
export function proxyTrust(proxies: readonly TrustedProxy[]): (address: string | undefined) => boolean {
  return (address) =>
    proxies.some((proxy) => {
      if (proxy.kind === 'socket') return address === undefined;
      return address !== undefined && proxy.contains(address);
    });
}
