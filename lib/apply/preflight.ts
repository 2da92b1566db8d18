/** Before the intent: tries everything that the steps will do, and refuses here what the system would refuse then. */
import { join } from 'node:path';
import type { RollbackError } from '../errors.ts';
import { stepsOf } from '../journal/run-steps.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { segmentsDirs } from '../store/bolt.ts';
import { OWN_DIR } from '../store/root-set.ts';
import { Probe } from './probe.ts';
import { asRefusal, deniedError } from './refused-by-system.ts';
import { refuseTooLittleRoom } from './room.ts';
import { cutsTried, Trials } from './trials.ts';

/**
 * Refuses what would fail later: no room, no permission, a mount point, a file that may not be changed or replaced. Before
 * it returns or throws it has taken away what it has made.
 * @throws RollbackError ERR_PREFLIGHT; raw errors
 */
export function preflight(context: TransactionContext): void {
  const { fs, participants, plan } = context;
  const bolted = plan.tables.flatMap((t) => segmentsDirs(fs, participants.roots, t.table));
  const index = participants.logIndex === null ? [] : [participants.logIndex.dir];
  for (const dir of new Set([...participants.dirs, ...context.lockedDirs, ...bolted, ...index])) {
    if (!fs.mayWrite(dir)) throw deniedError('This user may not write to a directory', dir);
  }
  const inPlace = cutsTried(context);
  refuseTooLittleRoom(context, inPlace);
  for (const base of participants.dirs) {
    const steps = stepsOf(context).filter((step) => participants.base(step.file.root) === base);
    const below = bolted.filter((dir) => participants.roots.includes(base) && dir.startsWith(`${base}/`));
    try {
      Probe.in(fs, base, (probe) => new Trials(context, base, probe, inPlace).refuseAny(steps, below));
    } catch (error) {
      throw asRefusal(error, placeOf(error, base), 'prepare the rollback');
    }
  }
}

/** The file that an error names; our own directory for what is made in it. */
function placeOf(error: unknown, base: string): string {
  const { path } = ((error as RollbackError | null)?.cause ?? error) as NodeJS.ErrnoException;
  return path === undefined || path.includes(OWN_DIR) ? join(base, OWN_DIR) : path;
}
