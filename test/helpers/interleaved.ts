/** Two commands on one database, interleaved at chosen changes: each in a thread that waits until it is told to go on. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import type { Job, Order, Stop } from './interleaved-thread.ts';

export type { Job, Stop } from './interleaved-thread.ts';

let code: string | null = null;

/** The thread as one script: a loader of TypeScript does not come with a thread in every version of Node. */
function bundled(): string {
  code ??= buildSync({
    entryPoints: [fileURLToPath(new URL('./interleaved-thread.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    define: { 'import.meta.url': JSON.stringify(import.meta.url), BUILT_VERSION: '"0.0.0"' },
  }).outputFiles[0]!.text;
  return code;
}

/** A thread for one command after the other. */
export class Side {
  private readonly gate = new Int32Array(new SharedArrayBuffer(4));
  private readonly orders: MessagePort;
  private readonly worker: Worker;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.orders = port1;
    port1.unref();
    this.worker = new Worker(bundled(), {
      eval: true,
      execArgv: [],
      workerData: { gate: this.gate, orders: port2 },
      transferList: [port2],
    });
  }

  /** Runs a command up to its pause, or to its end. */
  start(job: Job): Promise<Stop> {
    this.worker.postMessage(job);
    return this.stop();
  }

  /** Goes on from a pause, to the end. */
  goOn(order: Order): Promise<Stop> {
    this.orders.postMessage(order);
    Atomics.store(this.gate, 0, 1);
    Atomics.notify(this.gate, 0);
    return this.stop();
  }

  async end(): Promise<void> {
    await this.worker.terminate();
    this.orders.close();
  }

  private async stop(): Promise<Stop> {
    const [stop] = (await once(this.worker, 'message')) as [Stop];
    return stop;
  }
}
