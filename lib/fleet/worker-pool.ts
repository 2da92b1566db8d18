/** The workers of a batch, as their parent sees them: at most so many at once, each with one node at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Progress } from '../types.ts';
import type { FromWorker, NodeTask, ToWorker } from './tasks.ts';
import type { NodeEnded, NodePlanned } from './verdicts.ts';
import { WORKER_ARGUMENT } from './worker-argument.ts';

/** The result of a task: that of its worker, or how the worker died. */
export type TaskResult =
  | { readonly planned: NodePlanned }
  | { readonly ended: NodeEnded }
  | { readonly died: string; readonly changing: boolean };

/** What is told while a task goes on. */
export interface TaskListener {
  readonly onStart: (pid: number) => void;
  readonly onProgress: (progress: Progress) => void;
}

/** Workers that are forked when they are needed, and kept for the next node. */
export class WorkerPool {
  readonly #script: string;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #forked: Worker[] = [];

  /** @param script the built command */
  constructor(script: string) {
    this.#script = script;
  }

  /** Does one task; never rejects. The caller sees to it that not too many are under way. */
  async run(task: NodeTask, listener: TaskListener): Promise<TaskResult> {
    const worker = this.#idle.pop() ?? this.#fork();
    const { result, spent } = await worker.run(task, listener);
    if ('died' in result) this.#all.delete(worker);
    else if (spent) this.#retire(worker);
    else this.#idle.push(worker);
    return result;
  }

  /** Asks every worker to begin no change; what has begun is finished. */
  stop(): void {
    for (const worker of this.#all) worker.say({ stop: true });
    // A worker without work has ended with that.
    for (const worker of this.#idle.splice(0)) this.#all.delete(worker);
  }

  /** Ends every worker at once, in the middle of whatever it does: the next call of the run finishes that. */
  kill(): void {
    for (const worker of this.#all) worker.kill();
  }

  /** Lets idle workers go, and waits until every worker is gone. */
  async end(): Promise<void> {
    for (const worker of this.#idle.splice(0)) this.#retire(worker);
    await Promise.all(this.#forked.map((worker) => worker.gone));
  }

  #fork(): Worker {
    const worker = new Worker(this.#script);
    this.#all.add(worker);
    this.#forked.push(worker);
    return worker;
  }

  #retire(worker: Worker): void {
    this.#all.delete(worker);
    worker.say({ stop: true });
  }
}

/** One process. */
class Worker {
  readonly #child: ChildProcess;
  #take: ((message: FromWorker) => void) | null = null;
  #onDeath: ((how: string) => void) | null = null;
  #death: string | null = null;
  /** Settled when the process has ended, or could not be started. */
  readonly gone: Promise<void>;

  constructor(script: string) {
    this.#child = fork(script, [WORKER_ARGUMENT], {
      // A session of its own: Ctrl-C concerns the parent alone.
      detached: true,
      // What a user's module prints is not a result.
      stdio: ['ignore', 2, 2, 'ipc'],
      execArgv: [],
    });
    this.#child.on('message', (message) => this.#take?.(message as FromWorker));
    this.gone = new Promise((resolve) => {
      this.#child.on('error', () => resolve());
      this.#child.on('exit', () => resolve());
    });
    this.#child.on('error', (error) => this.#die(`its worker could not be started: ${error.message}`));
    this.#child.on('exit', (code, signal) =>
      this.#die(
        signal === null ? `its worker ended with code ${code}` : `its worker was killed by ${signal}`,
      ),
    );
  }

  run(task: NodeTask, listener: TaskListener): Promise<{ result: TaskResult; spent: boolean }> {
    return new Promise((resolve) => {
      let changing = false;
      const finish = (result: TaskResult, spent: boolean): void => {
        this.#take = null;
        this.#onDeath = null;
        resolve({ result, spent });
      };
      this.#onDeath = (died) => finish({ died, changing }, false);
      this.#take = (message) => {
        if ('progress' in message) listener.onProgress(message.progress);
        else if ('changing' in message) changing = true;
        else if ('planned' in message) finish({ planned: message.planned }, message.spent);
        else if ('ended' in message) finish({ ended: message.ended }, message.spent);
      };
      if (this.#death !== null) return finish({ died: this.#death, changing }, false);
      listener.onStart(this.#child.pid ?? 0);
      this.say({ do: task });
    });
  }

  say(message: ToWorker): void {
    if (!this.#child.connected) return;
    this.#child.send(message, () => {}); // a dead worker is noticed by its end
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #die(how: string): void {
    this.#death ??= how;
    this.#onDeath?.(this.#death);
  }
}
