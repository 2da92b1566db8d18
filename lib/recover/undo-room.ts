/** Undo writes too: where there is too little room for that, it is refused before it begins. */
import { RollbackError } from '../errors.ts';
import { shellCommand } from '../format/shell-word.ts';
import type { FoundTransaction } from '../journal/find.ts';
import { BLOCK, freeAndNeeded, type Room, roomByDevice } from '../journal/room.ts';
import { stepsOf } from '../journal/run-steps.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { lstatOrNull } from '../store/roots.ts';

/** A claim, two marks, a fence, bounds, the audit: in each participant. */
const FILES = 8;

/** What undo writes into each participant before it frees any; files are not counted. */
function roomIn(context: TransactionContext, additions: number): Map<string, Room> {
  const { fs, participants, plan } = context;
  const bytes = BLOCK * (FILES + plan.tables.length) + 256 * additions;
  const rooms = new Map(participants.dirs.map((dir): [string, Room] => [dir, { bytes, files: 0 }]));
  stepsOf(context).forEach((step, index) => {
    if (step.op !== 'cut-file' || lstatOrNull(fs, participants.undoPath(step, index, 'tail')) === null)
      return;
    const base = participants.base(step.file.root);
    // A file with other links is never changed in place.
    const isLinked = (lstatOrNull(fs, participants.pathOf(step))?.nlink ?? 1) > 1;
    const written = isLinked ? step.from : step.from - step.to;
    rooms.set(base, { bytes: (rooms.get(base)?.bytes ?? 0) + written + BLOCK, files: 0 });
  });
  return rooms;
}

/**
 * Refuses an undo for which there is too little room. Participants on one file system share it.
 * @param older the next older rollback: what it keeps can be freed, and this one can still be undone
 * @throws RollbackError ERR_PREFLIGHT
 */
export function refuseTooLittleRoomToUndo(
  context: TransactionContext,
  additions: number,
  older: FoundTransaction | undefined,
): void {
  const { fs, participants } = context;
  for (const { dir, bytes } of roomByDevice(fs, roomIn(context, additions))) {
    const free = fs.freeBytes(dir);
    if (free !== null && free < bytes) throw noRoomError(dir, free, bytes, purgeOf(participants, older));
  }
}

function purgeOf(
  { roots, snapshotDir }: TransactionContext['participants'],
  older: FoundTransaction | undefined,
): string {
  if (older === undefined) return '';
  const source = roots.flatMap((root) => ['--src', root]);
  if (snapshotDir !== null) source.push('--snapshot-dir', snapshotDir);
  const command = shellCommand(['litt-rollback', 'purge', ...source, '--id', older.id]);
  return `. \`${command}\` frees what older rollbacks keep for undo`;
}

function noRoomError(path: string, free: number, needed: number, purge: string): RollbackError {
  return new RollbackError(
    'ERR_PREFLIGHT',
    {
      what: `There is too little room to undo: ${freeAndNeeded(free, needed)}`,
      why: 'The undo would stop half-way. Nothing was changed',
      next: `Free some space on that file system${purge}`,
    },
    { path },
  );
}
