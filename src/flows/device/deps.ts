/** Dependencies of the flows of programs without a browser. */
import type { CodeGuesses } from '../../core/device-request.ts';
import type { ListableStore } from '../../core/ports.ts';
import { Secret } from '../../core/identity.ts';
import type { ApprovalDeps } from '../approval.ts';
import type { CountedRequests } from './counted-requests.ts';

export interface DeviceDeps extends ApprovalDeps {
  /** The stored records, by the digest of the user code. */
  readonly requests: CountedRequests;
  /** Wrong codes, by the name of a session or of a network. */
  readonly guesses: ListableStore<CodeGuesses>;
}

/** The key of a request in its store. */
export function requestKey({ secrets }: Pick<DeviceDeps, 'secrets'>, userCode: string): string {
  return secrets.digest(new Secret(userCode));
}
