/**
 * What the broker is compared with: the least a token server can do. A bare `node:http` server that signs the same
 * claims with the same algorithm for every request, and neither reads the request nor decides nor logs.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { SignJWT } from 'jose';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const certificate = 'A'.repeat(600);

const server = createServer((_request, response) => {
  const now = Math.floor(Date.now() / 1000);
  const token = new SignJWT({
    iss: 'fairlead',
    sub: '',
    aud: 'bench',
    exp: now + 360,
    nbf: now - 30,
    iat: now - 30,
    jti: randomUUID(),
    access: [{ type: 'repository', name: 'public/app', actions: ['pull'] }],
  }).setProtectedHeader({ typ: 'JWT', alg: 'ES256', x5c: [certificate] });
  void (async () => {
    const text = await token.sign(privateKey);
    const body = JSON.stringify({ token: text, access_token: text, expires_in: 300 });
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  })();
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stderr.write(`listening ${typeof address === 'object' ? address?.port : ''}\n`);
});
