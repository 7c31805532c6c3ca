/** Log lines that any client can cause: each message is written at most once in a while. */

type Write = (message: string, fields: Readonly<Record<string, unknown>>) => void;

const EVERY_MS = 10_000;

/**
 * @param now milliseconds that never jump
 * @returns writes a message at most every ten seconds, with the number of lines omitted since the last one
 */
export function rateLimited(write: Write, now: () => number): Write {
  const lines = new Map<string, { readonly writtenAt: number; omitted: number }>();
  return (message, fields) => {
    const last = lines.get(message);
    if (last !== undefined && now() - last.writtenAt < EVERY_MS) {
      last.omitted += 1;
      return;
    }
    lines.set(message, { writtenAt: now(), omitted: 0 });
    write(message, last === undefined || last.omitted === 0 ? fields : { ...fields, omitted: last.omitted });
  };
}
