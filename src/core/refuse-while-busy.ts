/**
 * Work that runs once at a time: a call while an earlier one runs is refused, and does not wait.
 *
 * @param refuse gives the answer to a call that is refused, or throws
 */
export function refuseWhileBusy<Input, Output>(
  work: (input: Input) => Promise<Output>,
  refuse: () => Output,
): (input: Input) => Promise<Output> {
  let isBusy = false;
  return async (input) => {
    if (isBusy) return refuse();
    isBusy = true;
    try {
      return await work(input);
    } finally {
      isBusy = false;
    }
  };
}
