/**
 * Callbacks of callers. A callback may throw, and it may be async and reject. Neither is a defect of this
 * program, and neither may stop a transaction half-way.
 */
import { RollbackError } from '../errors.ts';
import type { Progress } from '../types.ts';

/** A caller's function; only a promise among its results matters. */
type Callback<A extends readonly unknown[]> = (...args: A) => unknown;

/**
 * The callbacks of one call. Before `postpone()` the first one that fails ends the work; after it the failure
 * is reported at the end. A callback that has failed is not called again.
 */
export class Callbacks {
  private failure: RollbackError | null = null;
  private isAsync = false;

  /** @param postponed true for work that must not stop once it has begun */
  constructor(private postponed = false) {}

  /** From now on a failing callback stops nothing. */
  postpone(): void {
    this.postponed = true;
  }

  /** The same callback; what it throws, and what its promise rejects with, becomes a typed error. */
  guard<A extends readonly unknown[]>(
    name: string,
    callback: Callback<A> | undefined,
  ): ((...args: A) => void) | undefined {
    if (callback === undefined) return undefined;
    return (...args) => {
      void this.call(name, callback, ...args);
    };
  }

  /**
   * Calls a callback now. For an async one it returns a promise that never rejects; throwIfFailed() then
   * reports the failure.
   * @throws RollbackError ERR_CALLBACK_FAILED unless postponed
   */
  call<A extends readonly unknown[]>(
    name: string,
    callback: Callback<A>,
    ...args: A
  ): Promise<void> | undefined {
    if (this.failure !== null) {
      this.throwIfFailed();
      return undefined;
    }
    let result: unknown;
    let isAsync = false;
    try {
      result = callback(...args);
      isAsync = isThenable(result);
    } catch (error) {
      this.failure = this.callbackError(name, 'threw', error);
      this.throwIfFailed();
    }
    if (!isAsync) return undefined;
    this.isAsync = true;
    return settled(result as PromiseLike<unknown>).then((error) => {
      if (error !== null) this.failure ??= this.callbackError(name, 'rejected', error.reason);
    });
  }

  private callbackError(name: string, how: 'threw' | 'rejected', cause: unknown): RollbackError {
    const what = `The callback ${name} ${how}: ${wordsOf(cause)}`;
    const why = this.postponed ? undefined : 'Nothing was changed';
    return new RollbackError('ERR_CALLBACK_FAILED', { what, why, next: 'Correct the callback' }, {}, cause);
  }

  /** @throws RollbackError ERR_CALLBACK_FAILED when a callback has failed, unless postponed */
  throwIfFailed(): void {
    if (this.failure !== null && !this.postponed) throw this.failure;
  }

  /**
   * The failure of a callback, when the work is done. An async one gets one turn to reject. A later rejection
   * is lost, because only the caller could wait for it.
   */
  async ended(): Promise<RollbackError | null> {
    if (this.isAsync) await new Promise((resolve) => setImmediate(resolve));
    return this.failure;
  }
}

/**
 * Does work that changes nothing, with the caller's callbacks.
 * @throws RollbackError ERR_CALLBACK_FAILED when one of them fails; what the work throws
 */
export async function withCallbacks<T>(work: (callbacks: Callbacks) => T | Promise<T>): Promise<T> {
  const callbacks = new Callbacks();
  const result = await work(callbacks);
  await callbacks.ended();
  callbacks.throwIfFailed();
  return result;
}

/**
 * Does work that changes something. A callback that fails after the first change is reported in the notices of
 * the result, or beside the error of the work.
 * @throws RollbackError ERR_CALLBACK_FAILED when one of them fails before that; what the work throws
 */
export async function withPostponed<T extends { readonly notices: readonly string[] }>(
  callbacks: Callbacks,
  work: () => T | Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    const failure = await callbacks.ended();
    throw failure !== null && failure !== error && error instanceof RollbackError
      ? error.also(failure)
      : error;
  }
  const failure = await callbacks.ended();
  if (failure === null) return result;
  const notice = `${failure.what}: everything was carried out all the same`;
  return { ...result, notices: [...result.notices, notice] };
}

/** withPostponed() for work in which every callback comes after the first change, or reports an earlier one. */
export function postponing<O extends { readonly onProgress?: Callback<[Progress]> | undefined }, T>(
  options: O,
  work: (options: O) => Promise<T & { readonly notices: readonly string[] }>,
): Promise<T & { readonly notices: readonly string[] }> {
  const callbacks = new Callbacks(true);
  const onProgress = callbacks.guard('onProgress', options.onProgress);
  return withPostponed(callbacks, () => work({ ...options, onProgress }));
}

/** Whether a value is a promise, of whatever kind. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Takes a promise that no code awaits, so that its rejection does not end the process. */
export function ignoreRejection(promise: PromiseLike<unknown>): void {
  void settled(promise);
}

/** The reason that a promise rejects with; null when it is fulfilled. */
function settled(promise: PromiseLike<unknown>): Promise<{ readonly reason: unknown } | null> {
  return Promise.resolve(promise).then(
    () => null,
    (reason: unknown) => ({ reason }),
  );
}

/** An error in words, whatever was thrown, even a value without a message. */
export function wordsOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'something that cannot be told in words';
  }
}
