/** Notices a reverse proxy that is missing in `trustedProxies`: then all its clients count as one. */
import type { Request } from 'express';
import type { Clock, Log } from '../core/ports.ts';
import type { AddressSource } from './client-address.ts';

interface UntrustedProxyDeps {
  readonly addressSource: Pick<AddressSource, 'isTrustedProxy'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}

/** Anybody can send the header, so the warning must not fill the log. */
const PAUSE_MS = 3_600_000;

/** Logs one warning an hour at most about a peer that sends X-Forwarded-For and is not trusted. */
export function noticeUntrustedProxy({ addressSource, clock, log }: UntrustedProxyDeps): (request: Request) => void {
  let nextWarning = -Infinity;
  return ({ headers, socket }) => {
    if (headers['x-forwarded-for'] === undefined || clock.monotonic() < nextWarning) return;
    // Undefined for a peer on a Unix socket.
    const address = socket.remoteAddress;
    if (addressSource.isTrustedProxy(address)) return;
    nextWarning = clock.monotonic() + PAUSE_MS;
    log.warn(
      'X-Forwarded-For ignored: if this peer is your proxy, add it to trustedProxies, or all its clients share one address',
      { peer: address ?? 'unix', setting: 'trustedProxies' },
    );
  };
}
