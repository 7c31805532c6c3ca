/** Clients that send their requests slowly, or not at all. */
import { describe, expect, it } from 'vitest';
import { allClosed, openListener } from '../support/listener.ts';
import { waitFor } from '../support/wait.ts';

const HEAD = 'POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n';

describe('acceptance 21: a slow client', () => {
  it('is answered 408 and disconnected, wherever in its request it stops or slows down', async () => {
    await using server = await openListener((request, response) => {
      request.resume().on('end', () => response.end());
    });
    const [silent, halfHead, slowHead, halfBody, slowBody] = [
      await server.connect(),
      await server.connect(),
      await server.connect(),
      await server.connect(),
      await server.connect(),
    ];
    halfHead.send(HEAD.slice(0, 30));
    slowHead.send(HEAD.slice(0, 30));
    halfBody.send(`${HEAD}half`);
    slowBody.send(HEAD);
    const drip = setInterval(() => {
      slowHead.send('x');
      slowBody.send('x');
    }, 500);
    const clients = [silent, halfHead, slowHead, halfBody, slowBody];
    try {
      // 10 s for a head and 20 s for a request, looked at every 5 s.
      await allClosed(clients);
    } finally {
      clearInterval(drip);
    }
    await waitFor('the connections to be closed', () => server.listener.connections() === 0);

    expect(clients.map(({ text }) => text().split('\r\n')[0])).toEqual(
      clients.map(() => 'HTTP/1.1 408 Request Timeout'),
    );
  });
});
