/** The built command, run again and again in one other process: for tests that ask hundreds of databases. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { buildOnce, COMMAND, type CommandResult } from './command.ts';

const WORKER = fileURLToPath(new URL('./warm-worker.ts', import.meta.url));

/** A process that runs commands, one after the other. */
export class WarmCommand {
  private child: ChildProcess | null = null;

  /** For the suite that asks: the process begins with the first command, and ends after the last test. */
  static forSuite(): WarmCommand {
    const command = new WarmCommand();
    after(() => command.child?.disconnect());
    return command;
  }

  /**
   * Runs the command without a terminal; never rejects because of its exit code. A test that sends signals, gives
   * input or looks at the process needs a process of its own, and so does one of filters and schemas of users: a
   * module that was loaded once is not loaded again.
   */
  async run(args: readonly string[]): Promise<CommandResult> {
    buildOnce();
    this.child ??= fork(WORKER, [COMMAND], { execArgv: ['--import', 'tsx'] });
    const { child } = this;
    const ended = new AbortController();
    const over = once(child, 'exit', ended).then(([code, signal]) => {
      throw new Error(`the process of the command ended (${code ?? signal}): ${args.join(' ')}`);
    });
    const answer = once(child, 'message', ended).then(([result]) => result as CommandResult);
    child.send(args);
    try {
      return await Promise.race([answer, over]);
    } finally {
      for (const promise of [answer, over]) promise.catch(() => {});
      ended.abort();
    }
  }
}
