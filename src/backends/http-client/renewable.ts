import type { Connection } from './connection.ts';

/** A connection, with what else is made of the same files, that is opened again when a file changes. */
interface Renewable<Opened> extends AsyncDisposable {
  current(): Opened;
  /** Opens a new one for later requests. Throws what `open` throws, and keeps the current one then. */
  renew(): Promise<void>;
}

/** @param open reads the files and connects to nothing; throws an Error that names a file that is bad */
export async function openRenewable<Opened extends { readonly connection: Connection }>(
  open: () => Promise<Opened>,
): Promise<Renewable<Opened>> {
  let current = await open();
  /** Former connections whose requests have not ended. */
  const closing = new Set<Connection>();
  return {
    current: () => current,
    renew: async () => {
      const opened = await open();
      const { connection: former } = current;
      current = opened;
      closing.add(former);
      void former.close().finally(() => closing.delete(former));
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        [current.connection, ...closing].map(async (connection) => {
          await connection[Symbol.asyncDispose]();
        }),
      );
    },
  };
}
