/** Host headers: HTTP/1.1 requires exactly one (RFC 9112, section 3.2). */
import { describe, expect, it } from 'vitest';
import { openHttpApp } from '../../support/http-app.ts';
import { openClient } from '../../support/listener.ts';
import { waitFor } from '../../support/wait.ts';

describe('a request', () => {
  it.each([
    ['with two Host headers', '1.1', ['Host: a', 'Host: b'], 400],
    ['with the same Host header twice', '1.1', ['Host: a', 'host: a'], 400],
    ['without a Host header', '1.1', [], 400],
    ['with one Host header', '1.1', ['Host: a'], 200],
    ['of HTTP/1.0 without a Host header', '1.0', [], 200],
    ['of HTTP/1.0 with two Host headers', '1.0', ['Host: a', 'Host: a'], 400],
  ])('%s is answered with the right status and closes the connection', async (_what, version, headers, status) => {
    await using app = await openHttpApp();
    await using client = await openClient(app.port);

    client.send([`GET /healthz HTTP/${version}`, ...headers, 'Connection: close', '', ''].join('\r\n'));
    await waitFor('the response', client.isClosed);

    expect(client.text()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(client.text()).toContain('Connection: close');
    expect(client.text().includes('invalid_request')).toBe(status === 400);
  });

  it('is refused although nothing else is wrong with it, and the connection is not used again', async () => {
    await using app = await openHttpApp();
    await using client = await openClient(app.port);

    client.send('GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n');
    await waitFor('the response', client.isClosed);

    expect(client.responses()).toBe(1);
    expect(client.text()).toContain('Connection: close');
  });
});
