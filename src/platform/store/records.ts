/** The records of a broker, or of several that share a database: named stores that outlive the process. */
import type { BackendState, Clock } from '../../core/ports.ts';
import type { Group, ListableStore } from '../../core/store.ts';

export interface RecordsOptions<Value> {
  /** The name of the store. Each kind of record has its own: `refresh-tokens`. */
  readonly name: string;
  readonly clock: Clock;
  /** Reads a value from its JSON, which it returns unchanged; undefined: it is not valid, and counts as missing. */
  readonly decode: (json: unknown) => Value | undefined;
  readonly groupOf?: (value: Value) => Group;
}

export interface Records extends AsyncDisposable {
  /** A store in it. Values must be JSON values. Its methods throw BrokerError `records_unavailable`. */
  store<Value>(options: RecordsOptions<Value>): ListableStore<Value>;
  /** Whether it answers now. Never throws. Absent where it is part of this process. */
  probe?(): Promise<BackendState>;
}

/** An entry as it is stored, to be copied. */
export interface StoredEntry {
  readonly store: string;
  readonly key: string;
  /** JSON. */
  readonly value: string;
  /** The name of its group; null: none. */
  readonly group: string | null;
  /** Epoch seconds at which it expires. */
  readonly until: number;
}

/** A value from its stored JSON. */
export function decoded<Value>(text: string, decode: RecordsOptions<Value>['decode']): Value | undefined {
  try {
    return decode(JSON.parse(text));
  } catch {
    return undefined;
  }
}
