/**
 * Everything up to the durable intent. If another process comes in between, this is noticed before the mark:
 * the run then removes what it has prepared, and leaves the other's files alone.
 */
import { ioError, RollbackError } from '../errors.ts';
import type { Call } from '../journal/claim.ts';
import { areasIn } from '../journal/documents.ts';
import { freeTrash } from '../journal/finish-run.ts';
import { clearTransaction } from '../journal/sweep.ts';
import { begin, prepareAreas, type TransactionContext } from '../journal/transaction.ts';
import { areaPath } from '../store/area.ts';

/**
 * Makes the intent of a transaction durable.
 * @param check throws when the database has changed since planning
 * @throws RollbackError ERR_LOCKED, what `check` throws: nothing was changed, and no trace is left. ERR_IO says
 * which of three states it leaves: nothing prepared, shut without a change, or open
 */
export function beginIntent(
  context: TransactionContext,
  keepUndo: boolean,
  call: Call,
  check: () => void,
): void {
  const { fs, participants } = context;
  const path = participants.roots[0] as string;
  try {
    prepareAreas(context);
    call.claimAreas(fs, participants.dirs, participants.id);
  } catch (error) {
    const state = 'Nothing was changed; `litt-rollback resume` clears away what had been prepared';
    throw ioError(error, path, 'begin the rollback', state);
  }
  refuseUsedAreas(context);
  try {
    begin(context, keepUndo, new Date(), check);
  } catch (error) {
    if (isRefusal(error)) backOut(context, error);
    const state =
      'No segment was changed, but the database may be shut: repair the cause, then `litt-rollback resume` goes on from here';
    throw ioError(error, path, 'begin the rollback', state);
  }
}

/**
 * Two processes may apply one plan, and share its areas. Once the areas are claimed, the other one has ended: if it has
 * carried the plan out, they hold what undo needs, and are not this run's to clear away.
 * @throws RollbackError ERR_LOCKED
 */
function refuseUsedAreas({ fs, participants }: TransactionContext): void {
  for (const dir of participants.dirs) {
    const area = areasIn(fs, dir).find(({ id }) => id === participants.id);
    if (area === undefined || (area.content === 'none' && !area.marks.begun)) continue;
    throw new RollbackError(
      'ERR_LOCKED',
      {
        what: 'Another process has applied this very plan meanwhile',
        why: 'Nothing was changed by this one',
        next: 'Look at `litt-rollback status`',
      },
      { path: areaPath(dir, participants.id) },
    );
  }
}

function isRefusal(error: unknown): error is RollbackError {
  return error instanceof RollbackError && ['locked', 'refused', 'damaged'].includes(error.kind);
}

/**
 * Removes bolts, documents and fences of this transaction. All are its own, and no mark says that it has begun.
 */
function backOut({ fs, participants }: TransactionContext, refusal: RollbackError): never {
  try {
    clearTransaction(fs, participants.dirs, participants.id);
    freeTrash(fs, participants.dirs);
  } catch (error) {
    const state = 'No segment was changed: `litt-rollback resume` clears away what had been prepared';
    throw refusal.also(ioError(error, participants.roots[0] as string, 'take back what was prepared', state));
  }
  throw refusal;
}
