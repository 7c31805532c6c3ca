/** A bound on informational responses (RFC 9110, section 15.2): a server may send any number before its final one. */
import { DecoratorHandler } from 'undici';
import type { Dispatcher } from 'undici';

/** Servers send one or two: 103 Early Hints. */
const MAX_INFORMATIONAL = 10;

/** Fails a request that gets more informational responses. */
export const limitInformational: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(options, new InformationalLimit(handler));

class InformationalLimit extends DecoratorHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  #count = 0;

  constructor(handler: Dispatcher.DispatchHandler) {
    super(handler);
    this.#handler = handler;
  }

  onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>): void {
    const [controller, status] = args;
    if (status < 200 && ++this.#count > MAX_INFORMATIONAL) {
      controller.abort(new Error(`more than ${MAX_INFORMATIONAL} informational responses (1xx)`));
      return;
    }
    this.#handler.onResponseStart?.(...args);
  }
}
