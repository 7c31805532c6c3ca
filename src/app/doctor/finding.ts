/** The input and the result of `fairlead doctor`. */
import type { BrokerConfig } from '../../config/broker-schema.ts';
import type { Clock } from '../../core/ports.ts';
import type { Keyset, SigningKey } from '../../platform/signing/keyset.ts';

export interface DoctorFinding {
  readonly about:
    | 'registry'
    | 'challenge'
    | 'realm'
    | 'login'
    | 'service'
    | 'clock'
    | 'token'
    | 'announced'
    | 'kid'
    | 'chain'
    | 'issuer'
    | 'trust'
    | 'bearer';
  readonly ok: boolean;
  readonly text: string;
  /** What to do; absent when nothing is wrong. */
  readonly cure?: string;
}

export interface Examination {
  /** The URL of the registry, without a path. */
  readonly registry: string;
  readonly config: BrokerConfig;
  readonly keyset: Keyset;
  /** Keys that are announced, and able to sign. */
  readonly announced: readonly SigningKey[];
  readonly clock: Clock;
}
