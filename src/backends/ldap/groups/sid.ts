/** Security identifiers ([MS-DTYP] 2.4.2.2), as Active Directory stores them. */

/** Revision, count of parts, six bytes of authority; each part takes four more. */
const HEADER = 8;
const PART = 4;

/** Whether the bytes can be one. */
export function isSid(bytes: Buffer): boolean {
  const parts = bytes[1];
  return bytes[0] === 1 && parts !== undefined && parts > 0 && bytes.length === HEADER + parts * PART;
}

/**
 * The group with a relative id in the same domain as a user: the user's SID with another last part.
 *
 * @returns undefined when the user's is no SID, or the id is no number a SID can hold
 */
export function siblingSid(user: Buffer, relativeId: string): Buffer | undefined {
  const id = Number(relativeId);
  if (!isSid(user) || !/^\d{1,10}$/.test(relativeId) || id > 0xff_ff_ff_ff) return undefined;
  const sid = Buffer.from(user);
  sid.writeUInt32LE(id, sid.length - PART);
  return sid;
}
