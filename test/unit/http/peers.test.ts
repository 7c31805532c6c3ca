/** Values of connections that have the same ends, one after the other. */
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Peers } from '../../../src/http/peers.ts';

const ENDS = { localAddress: '192.0.2.1', localPort: 443, remoteAddress: '192.0.2.7', remotePort: 4711 };

const socket = (ends: Partial<typeof ENDS> = {}) => Object.assign(new EventEmitter(), ENDS, ends);

describe('the value of a connection', () => {
  it('is found by a socket with the same ends, until the connection closes', () => {
    const peers = new Peers<string>();
    const raw = socket();

    peers.set(raw, 'first');

    expect(peers.get(ENDS)).toBe('first');
    raw.emit('close');
    expect(peers.get(ENDS)).toBeUndefined();
  });

  it.each([{ localAddress: '192.0.2.2' }, { localPort: 5001 }, { remoteAddress: '192.0.2.8' }, { remotePort: 4712 }])(
    'is not found by a socket with another end: %j',
    (other) => {
      const peers = new Peers<string>();

      peers.set(socket(), 'first');

      expect(peers.get({ ...ENDS, ...other })).toBeUndefined();
    },
  );

  it('stays when an earlier connection with the same ends closes late', () => {
    const peers = new Peers<string>();
    const early = socket();

    peers.set(early, 'early');
    peers.set(socket(), 'late');
    early.emit('close');

    expect(peers.get(ENDS)).toBe('late');
  });

  it('is not kept for a Unix socket, which has no address', () => {
    const peers = new Peers<string>();
    const unix = Object.assign(new EventEmitter(), { remoteAddress: undefined, remotePort: undefined });

    peers.set(unix, 'first');

    expect(peers.get({ remoteAddress: undefined, remotePort: undefined })).toBeUndefined();
  });
});
