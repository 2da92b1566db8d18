/** By which words the database of a run was given: next steps are whole commands with them. */

import { commandOn } from '../report/commands.ts';
import type { WholeCommand } from '../report/next-steps.ts';
import type { SourceOptions } from './source.ts';

/** What of the command line says where the database is. */
export interface GivenOptions extends SourceOptions {
  readonly snapshotDir?: string | undefined;
  readonly logIndex?: string | undefined;
}

/** Commands that take the snapshot directory. */
const WITH_SNAPSHOT_DIR: ReadonlySet<string> = new Set(['resume', 'undo', 'purge', 'verify']);

/** Commands that take the log-index. */
const WITH_LOG_INDEX: ReadonlySet<string> = new Set(['resume', 'undo', 'status', 'verify']);

/** The source of one run. */
export class GivenSource {
  #options: GivenOptions;

  constructor(options: GivenOptions) {
    this.#options = options;
  }

  /** The same words, from a saved plan. */
  set(options: GivenOptions): void {
    this.#options = options;
  }

  /** A command line for this database; without a source, the name of the command. */
  readonly wholeCommand: WholeCommand = (name) => {
    const { src: roots = [], home, snapshotDir, logIndex } = this.#options;
    const hasSnapshots = snapshotDir !== 'none' && WITH_SNAPSHOT_DIR.has(name);
    const hasLogIndex = logIndex !== 'keep' && WITH_LOG_INDEX.has(name);
    return commandOn(name, {
      roots,
      home,
      snapshotDir: hasSnapshots ? snapshotDir : undefined,
      logIndex: hasLogIndex ? logIndex : undefined,
    });
  };
}
