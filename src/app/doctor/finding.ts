/** What the doctor is given, and what it finds. */
import type { BrokerConfig } from '../../config/broker-schema.ts';
import type { Clock } from '../../core/ports.ts';
import type { Keyset } from '../../platform/signing/keyset.ts';

export interface Finding {
  readonly about:
    | 'registry'
    | 'challenge'
    | 'realm'
    | 'service'
    | 'clock'
    | 'token'
    | 'kid'
    | 'chain'
    | 'issuer'
    | 'trust'
    | 'bearer';
  readonly ok: boolean;
  readonly text: string;
  /** What to do; absent when all is well. */
  readonly cure?: string;
}

export interface Examination {
  /** The registry's URL without a path. */
  readonly registry: string;
  readonly config: BrokerConfig;
  readonly keyset: Keyset;
  readonly clock: Clock;
}
