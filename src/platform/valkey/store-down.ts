/** The store did not answer, or refused. What was asked may have been done. */
export class StoreDown extends Error {
  override readonly name = 'StoreDown';
}
