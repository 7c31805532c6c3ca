/** Security identifiers of Active Directory in their binary form ([MS-DTYP] 2.4.2.2). */

/** Bytes: the revision, the count of parts and six bytes of authority; then four bytes for each part. */
const HEADER = 8;
const PART = 4;

/** Whether the bytes have the form of a SID. */
export function isSid(bytes: Buffer): boolean {
  const parts = bytes[1];
  return bytes[0] === 1 && parts !== undefined && parts > 0 && bytes.length === HEADER + parts * PART;
}

/**
 * The SID of a group in the same domain as a user: the user's SID with the group's relative id as the last part.
 *
 * @returns undefined when `user` is not a SID, or the id is not a number of 32 bits
 */
export function siblingSid(user: Buffer, relativeId: string): Buffer | undefined {
  const id = Number(relativeId);
  if (!isSid(user) || !/^\d{1,10}$/.test(relativeId) || id > 0xff_ff_ff_ff) return undefined;
  const sid = Buffer.from(user);
  sid.writeUInt32LE(id, sid.length - PART);
  return sid;
}
