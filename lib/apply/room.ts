/** How much room a rollback takes, by what its steps write; refused before the first change where that is not there. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { shellCommand } from '../format/shell-word.ts';
import { BLOCK, bytesWritten, freeAndNeeded, type Room, roomByDevice } from '../journal/room.ts';
import { stepsOf } from '../journal/run-steps.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { OWN_DIR } from '../store/root-set.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { AnyStep } from '../types.ts';

/** Directories, documents, marks, a claim, locks, the memory of the set, the audit: in each participant. */
const FILES = 16;
/** What a name in a directory takes (bytes). */
const NAME = 64;

/** What a transaction takes in each of its participants. */
function roomIn(context: TransactionContext, inPlace: ReadonlySet<AnyStep>): Map<string, Room> {
  const { fs, participants, plan } = context;
  const document = Buffer.byteLength(JSON.stringify(plan)) + BLOCK;
  const rooms = new Map(
    participants.dirs.map((dir): [string, Room] => {
      const audit = lstatOrNull(fs, join(dir, OWN_DIR, 'audit.jsonl'))?.size ?? 0;
      // One bolt for each table.
      const files = FILES + plan.tables.length;
      return [dir, { bytes: document + audit + BLOCK * files, files }];
    }),
  );
  for (const step of stepsOf(context)) {
    const base = participants.base(step.file.root);
    const { bytes, files } = rooms.get(base) ?? { bytes: 0, files: 0 };
    const written = bytesWritten(step, inPlace.has(step));
    if (written === null) rooms.set(base, { bytes: bytes + NAME, files });
    else rooms.set(base, { bytes: bytes + written + BLOCK, files: files + 1 });
  }
  return rooms;
}

/**
 * Refuses a rollback for which there is too little room. Participants on one file system share it.
 * @param inPlace the steps whose file is cut where it is: its tail is written, and not what stays of it
 * @throws RollbackError ERR_PREFLIGHT
 */
export function refuseTooLittleRoom(context: TransactionContext, inPlace: ReadonlySet<AnyStep>): void {
  const { fs } = context;
  for (const { dir, bytes, files } of roomByDevice(fs, roomIn(context, inPlace))) {
    const free = fs.freeBytes(dir);
    if (free !== null && free < bytes) throw noRoomError(freeAndNeeded(free, bytes), dir);
    const left = fs.freeInodes(dir);
    if (left !== null && left < files)
      throw noRoomError(
        `${left} inodes are free, one for each file, and ${files} are needed`,
        dir,
        `Remove files on that file system: \`${shellCommand(['df', '-i', dir])}\` counts them`,
      );
  }
}

function noRoomError(
  what: string,
  path: string,
  first = 'Free some space on that file system',
): RollbackError {
  return new RollbackError(
    'ERR_PREFLIGHT',
    {
      what: `There is too little room: ${what}`,
      why: 'The rollback would stop half-way. Nothing was changed',
      next:
        `${first}. \`litt-rollback purge\` frees what older rollbacks keep for undo; ` +
        'with --no-undo this one frees what it keeps as soon as it is done',
    },
    { path },
  );
}
