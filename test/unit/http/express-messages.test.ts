/** Requests and responses with the prototypes of an Express application. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { expressMessages } from '../../../src/http/express-messages.ts';

describe('a request and its response', () => {
  it('have the prototypes of the application before it gets them, and the methods of Express', async () => {
    const app = express();
    app.get('/', (request, response) => response.json({ path: request.path, hosts: request.hostname }));
    const messages = expressMessages(app);
    const before: boolean[] = [];
    await using server = createServer(messages, (request, response) => {
      before.push(Object.getPrototypeOf(request) === app.request, Object.getPrototypeOf(response) === app.response);
      app(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();

    const answer = await fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/?a=1`);

    expect([before, await answer.json()]).toEqual([[true, true], { path: '/', hosts: '127.0.0.1' }]);
  });
});
