/** Why no response came. undici's own message is `fetch failed`; the code is in its cause: ECONNREFUSED. */
export function networkDetail(error: unknown): string {
  if (!(error instanceof Error)) return 'for an unknown reason';
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const refusal = cause.cause instanceof Error ? PROXY_REFUSAL.exec(cause.cause.message) : null;
  if (refusal !== null) {
    const [, status] = refusal;
    return status === '407' ? `the proxy answered 407: ${PROXY_CREDENTIALS}` : `the proxy answered ${status}`;
  }
  // The error of an answer that is not HTTP has a member `code` that is undefined.
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

/** undici's message when a proxy refuses CONNECT, in the cause of the cause. */
const PROXY_REFUSAL = /^Proxy response \((\d+)\)/;

const PROXY_CREDENTIALS = 'set proxy to { url, username, password } with the credentials that the proxy accepts';
