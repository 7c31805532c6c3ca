/** Why a request that a reverse proxy asks about is refused, in addition to the errors of a login. */
export type AccessRefusal =
  /** The peer is not one of the trusted proxies. */
  | 'untrusted_proxy'
  /** The proxy does not say, or not clearly, what the client requests. */
  | 'unclear_request'
  /** It is no request that a registry has a route for. */
  | 'unknown_route'
  /** It has no registry token. */
  | 'token_required'
  | 'token_invalid'
  /** Its registry token does not grant what it needs. */
  | 'insufficient_scope'
  /** The policy does not grant what it needs. */
  | 'access_denied';
