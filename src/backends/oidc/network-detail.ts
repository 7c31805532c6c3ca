/** `fetch failed` says nothing; the code of its cause does: ECONNREFUSED, CERT_HAS_EXPIRED. */
export function networkDetail(error: unknown): string {
  if (!(error instanceof Error)) return 'for an unknown reason';
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
