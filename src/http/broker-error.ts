import { BrokerError } from '../core/errors.ts';

/** Errors of body-parser carry a type; anything else that is not ours is our defect, never the client's. */
export function toBrokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') return new BrokerError('request_too_large', 'the body is over 64 KiB');
  if (typeof type === 'string') return new BrokerError('invalid_request', type);
  return new BrokerError('internal', 'unexpected error', { cause: error });
}
