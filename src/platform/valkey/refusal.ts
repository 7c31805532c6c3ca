/** What a refusal of the store, or of its certificate, means to an operator, with the words of the store. */

const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/^WRONGPASS/, 'the store refuses the user or the password'],
  [/^NOAUTH/, 'the store asks for a user and a password'],
  [
    /^(?:NOPERM|ERR (?:The user executing the script|ACL failure))/,
    'the user of the store has too few rights, see `fairlead fleet acl`',
  ],
  [
    /^(?:self-signed certificate|unable to (?:get|verify))/,
    'no authority in tls.caFile has signed the certificate of the store',
  ],
  [/^Hostname\/IP does not match/, 'the certificate of the store is for another name: use its name in the address'],
  [
    /^(?:connect ETIMEDOUT|read ECONNRESET)/,
    'no connection: see the address, and whether its port expects TLS (rediss://)',
  ],
  [/^connect ECONNREFUSED/, 'nothing listens there: start the store, or correct the address'],
  [/^getaddrinfo/, 'the name of the store has no address: correct it, or the name servers of this machine'],
  [/^Socket timeout/, 'the store does not answer'],
  [/^OOM/, 'the store is full: raise its maxmemory'],
];

/** @param text the error of the store or of the connection */
export function explainRefusal(text: string): string {
  const [, meaning] = MEANINGS.find(([pattern]) => pattern.test(text)) ?? [];
  return meaning === undefined ? text : `${meaning} (${text})`;
}
