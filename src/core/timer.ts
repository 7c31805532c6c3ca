/** Waiting, as a port: core and flows have no timers of their own. */
export interface Timer {
  /** Resolves after so many milliseconds; at once when there are none to wait. */
  sleep(milliseconds: number): Promise<void>;
  /** Resolves when everything else that waits has had its turn. */
  turn(): Promise<void>;
  /**
   * The result of some work, or a BrokerError `backend_unavailable` when it takes longer. The work itself is not
   * stopped: this is the net under those who keep deadlines themselves.
   */
  within<T>(work: Promise<T>, milliseconds: number): Promise<T>;
}
