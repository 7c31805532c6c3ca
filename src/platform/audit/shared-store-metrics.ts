/** The metrics of the store that brokers share. */
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { SharedState } from '../valkey/shared-store.ts';

export interface SharedStoreMetrics {
  /** @param state called whenever the page is read */
  observeSharedStore(state: () => SharedState): void;
}

export function sharedStoreMetrics(registry: Registry): SharedStoreMetrics {
  return { observeSharedStore: (state) => addSharedStoreMetrics([registry], state) };
}

function addSharedStoreMetrics(registers: Registry[], state: () => SharedState): void {
  // oxlint-disable-next-line no-new -- it registers itself
  new Gauge({
    name: 'fairlead_shared_store_up',
    help: 'Whether the store that brokers share answers; while it does not, this broker counts wrong passwords alone',
    registers,
    collect() {
      this.set(state().down === undefined ? 1 : 0);
    },
  });
  // oxlint-disable-next-line no-new -- it registers itself
  new Gauge({
    name: 'fairlead_fleet_brokers',
    help: 'Brokers that share the store and are alive, as this broker has last seen them, itself included',
    registers,
    collect() {
      this.set(state().brokers);
    },
  });
  // oxlint-disable-next-line no-new -- it registers itself
  new Gauge({
    name: 'fairlead_fleet_other_key_brokers',
    help: 'Brokers that use the shared store with another fleet key, and so share nothing with this one',
    registers,
    collect() {
      this.set(state().unreadable);
    },
  });
  // oxlint-disable-next-line no-new -- it registers itself
  new Counter({
    name: 'fairlead_shared_store_failures_total',
    help: 'Commands of the shared store that failed: no reply in time, no connection, or refused by the store; and logins for which it was too slow',
    registers,
    collect() {
      this.reset();
      this.inc(state().failures);
    },
  });
}
