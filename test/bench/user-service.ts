/** A small web service that finds every user, with any password, for a backend of the type `http`. */
import { once } from 'node:events';
import { createServer } from 'node:http';

export interface UserService extends Disposable {
  readonly url: string;
  /** The lines of the backend in `broker.yaml`. */
  readonly backend: readonly string[];
}

export async function startUserService(): Promise<UserService> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // Without credentials: the broker asks whether the service is up.
      if (request.method === 'GET') {
        response.end();
        return;
      }
      const { username } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly username: string };
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ username, groups: ['team-web', 'all-people'] }));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const url = `http://127.0.0.1:${port}/login`;
  return {
    url,
    backend: ['- name: service', '  type: http', `  url: "${url}"`],
    [Symbol.dispose]: () => void server.close(),
  };
}
