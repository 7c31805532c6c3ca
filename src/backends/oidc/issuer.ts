/** Which addresses a provider may have. */

/** @returns what is wrong with the address of something that is fetched, or undefined when it will do. */
export function addressProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'expected a URL such as https://id.example.com/realms/corp';
  const url = new URL(text);
  if (url.protocol !== 'https:' && !isLoopbackHttp(url)) {
    return 'expected an https URL (http is for loopback addresses only)';
  }
  if (url.username !== '' || url.password !== '') return 'expected a URL without user name and password';
  return undefined;
}

/** @returns what is wrong with an issuer's address, or undefined when it will do. */
export function issuerProblem(text: string): string | undefined {
  const problem = addressProblem(text);
  if (problem !== undefined) return problem;
  if (text.includes('?') || text.includes('#')) return 'expected a URL without ? and # (OpenID Discovery, section 3)';
  // openid-client would take such a URL as it is and not compare the issuer that answers.
  if (new URL(text).pathname.includes('/.well-known/'))
    return 'expected the issuer itself, without /.well-known/ and what follows';
  return undefined;
}

/** Whether this is plain HTTP that does not leave the machine. */
export function isLoopbackHttp(url: URL): boolean {
  if (url.protocol !== 'http:') return false;
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(url.hostname);
}
