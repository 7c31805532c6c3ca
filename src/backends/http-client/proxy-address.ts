/** The key `proxy` of a backend: a URL, or a URL with the credentials that the proxy requires. */
import { z } from 'zod';
import { checkedText, secretRef } from '../fields.ts';

const url = checkedText(proxyProblem);
const DESCRIPTION =
  'The HTTP proxy (CONNECT) for all requests of this backend: a URL such as http://proxy.example.com:3128, or `url` with `username` and `password`. Proxy variables of the environment are not used.';

export const proxyAddress = z
  .union([
    url,
    z.strictObject({
      url: url.meta({ description: 'The URL of the proxy, without user name and password.' }),
      username: z
        .string()
        .min(1)
        .max(256)
        .regex(/^[^:\p{Cc}]*$/u, 'expected a name without : and control characters (RFC 7617)')
        .meta({ description: 'The user name at the proxy. It is sent in the header `Proxy-Authorization`.' }),
      password: secretRef.meta({ description: 'The password at the proxy: { env: NAME } or { file: PATH }.' }),
    }),
  ])
  .optional()
  .meta({ description: DESCRIPTION });

export type ProxyAddress = NonNullable<z.output<typeof proxyAddress>>;

function proxyProblem(text: string): string | undefined {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  if (address === undefined || (address.protocol !== 'http:' && address.protocol !== 'https:')) {
    return 'expected a URL such as http://proxy.example.com:3128';
  }
  if (address.username !== '' || address.password !== '') {
    return 'expected a URL without user name and password: write proxy: { url: …, username: …, password: { file: … } }';
  }
  if (address.pathname !== '/' || address.search !== '' || address.hash !== '') return 'expected a URL without a path';
  return undefined;
}
