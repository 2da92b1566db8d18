/** Takes the pauses out of a process that waits for no other process. */

/** Lets every pause of up to a second end at once; the program's are for other processes (lock-state.ts). */
export function skipWaiting(): void {
  const { wait } = Atomics;
  Atomics.wait = (array: Int32Array | BigInt64Array, index: number, value: never, timeout?: number) =>
    timeout !== undefined && timeout <= 1000 ? 'timed-out' : wait(array as Int32Array, index, value, timeout);
}
