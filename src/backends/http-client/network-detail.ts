/** `fetch failed` says nothing; the code of its cause does: ECONNREFUSED, CERT_HAS_EXPIRED. */
export function networkDetail(error: unknown): string {
  if (!(error instanceof Error)) return 'for an unknown reason';
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const refusal = cause.cause instanceof Error ? PROXY_REFUSAL.exec(cause.cause.message) : null;
  if (refusal !== null) return `the proxy answered ${refusal[1]}`;
  return 'code' in cause ? String(cause.code) : cause.message;
}

/** What undici says then, two causes deep. */
const PROXY_REFUSAL = /^Proxy response \((\d+)\)/;
