/** The metrics of the records in PostgreSQL. */
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

export interface RecordMetrics {
  setRecordsUp(isUp: boolean): void;
  /** @param outcome `done`, `failed`, or `refused` while the circuit breaker is open */
  countRecordOperation(operation: string, outcome: string, seconds: number): void;
}

/** From a look-up on the same machine to the longest `timeout`. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** They appear with the first value: a broker with its records in a file has none. */
export function recordMetrics(registry: Registry): RecordMetrics {
  let up: Gauge | undefined;
  let operations: ReturnType<typeof operationMetrics> | undefined;
  return {
    setRecordsUp: (isUp) => {
      up ??= new Gauge({
        name: 'fairlead_records_up',
        help: '1 when the database with the stored tokens answers and can be written, otherwise 0',
        registers: [registry],
      });
      up.set(isUp ? 1 : 0);
    },
    countRecordOperation: (operation, outcome, seconds) => {
      operations ??= operationMetrics(registry);
      operations.total.inc({ operation, outcome });
      if (outcome !== 'refused') operations.seconds.observe({ operation }, seconds);
    },
  };
}

function operationMetrics(registry: Registry) {
  return {
    total: new Counter({
      name: 'fairlead_record_operations_total',
      help: 'Operations on the database with the stored tokens, by operation and outcome: done, failed, refused (the circuit breaker is open)',
      labelNames: ['operation', 'outcome'],
      registers: [registry],
    }),
    seconds: new Histogram({
      name: 'fairlead_record_operation_seconds',
      help: 'Time of an operation on the database with the stored tokens, in seconds',
      labelNames: ['operation'],
      buckets: BUCKETS,
      registers: [registry],
    }),
  };
}
