/** Kills the built command in the middle of a change, as a power cut or an operator may. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Which call to sync is the last: behind the intent of a rollback, before its end. */
const LAST_SYNC = 14;

/** Loaded into each process of the command; a worker takes the batch with it that it works for. */
const TEXT = `const fs = require('node:fs');
const armed = __filename + '.armed';
const [, , command] = process.argv;
if (['apply', 'batch-worker'].includes(command) && fs.existsSync(armed)) {
  let calls = 0;
  const sync = fs.fsyncSync;
  fs.fsyncSync = (fd) => {
    if (++calls === ${LAST_SYNC}) {
      fs.rmSync(armed);
      if (command === 'batch-worker') process.kill(process.ppid, 'SIGKILL');
      process.kill(process.pid, 'SIGKILL');
    }
    return sync(fd);
  };
}
`;

/** A module that kills the next change, once it is armed. */
export class Crash {
  readonly #path: string;

  constructor(dir: string) {
    this.#path = join(dir, 'crash.cjs');
    writeFileSync(this.#path, TEXT);
  }

  /** What NODE_OPTIONS must be for the command to be killed. */
  get nodeOptions(): string {
    return `--require=${this.#path}`;
  }

  /** The next change is killed, and no other. */
  arm(): void {
    writeFileSync(`${this.#path}.armed`, '');
  }
}
