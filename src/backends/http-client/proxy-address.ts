import { checkedText } from '../fields.ts';

/** The key `proxy` of a backend. */
export const proxyAddress = checkedText(proxyProblem).optional().meta({
  description:
    'The HTTP proxy (CONNECT) for all requests of this backend, such as http://proxy.example.com:3128. Proxy variables of the environment are not used.',
});

function proxyProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return 'expected a URL such as http://proxy.example.com:3128';
  }
  if (url.username !== '' || url.password !== '') return 'expected a URL without user name and password';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return 'expected a URL without a path';
  return undefined;
}
