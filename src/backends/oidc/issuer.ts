import { addressProblem } from '../http-client/address.ts';

/** @returns what is wrong with an issuer's address, or undefined */
export function issuerProblem(text: string): string | undefined {
  const problem = addressProblem(text);
  if (problem !== undefined) return problem;
  if (text.includes('?') || text.includes('#')) return 'expected a URL without ? and # (OpenID Discovery, section 3)';
  // openid-client takes such a URL as the metadata's own address and does not compare the issuer that answers.
  if (new URL(text).pathname.includes('/.well-known/'))
    return 'expected the issuer itself, without /.well-known/ and what follows';
  return undefined;
}
