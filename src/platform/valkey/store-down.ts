/** The store did not answer, or refused. What was asked may have been done. */
export class StoreDown extends Error {
  override readonly name = 'StoreDown';
  /** Whether nothing at all came from the store for some time: no use to ask again. */
  readonly isSilent: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly isSilent?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.isSilent = options.isSilent ?? false;
  }
}
