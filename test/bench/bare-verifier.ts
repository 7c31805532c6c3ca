/**
 * What forward-auth is compared with: the least that a server can do to verify a token. It verifies the signature of each
 * request with the key of the set that it is given, and neither reads the claims nor the request of a client.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { JsonWebKeyInput } from 'node:crypto';
import { createServer } from 'node:http';

const { keys } = JSON.parse(process.argv[2] ?? '') as { readonly keys: readonly JsonWebKeyInput['key'][] };
const [jwk] = keys;
if (jwk === undefined) throw new Error('the key set is empty');
const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };

const server = createServer(({ headers: { authorization = '' } }, response) => {
  const token = authorization.slice('Bearer '.length);
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  response.statusCode = verify('sha256', Buffer.from(token.slice(0, end)), key, signature) ? 200 : 401;
  response.setHeader('Content-Length', 0);
  response.end();
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stderr.write(`listening ${typeof address === 'object' ? address?.port : ''}\n`);
});
