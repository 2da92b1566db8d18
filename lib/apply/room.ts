/** How much room a rollback takes, by what its steps write; refused before the first change where that is not there. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { shellCommand } from '../format/shell-word.ts';
import { stepsOf } from '../journal/run-steps.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { sizeAfter } from '../logindex/verify-log.ts';
import { OWN_DIR } from '../store/root-set.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { AnyStep } from '../types.ts';

/** What a small file, or a directory, takes at least (bytes). */
const BLOCK = 4096;
/** Directories, documents, marks, a claim, locks, the memory of the set, the audit: in each participant. */
const FILES = 16;
/** What a name in a directory takes (bytes). */
const NAME = 64;

interface Room {
  bytes: number;
  files: number;
}

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
    const room = rooms.get(base) ?? { bytes: 0, files: 0 };
    rooms.set(base, room);
    const written = bytesWritten(step, inPlace);
    room.bytes += written === null ? NAME : written + BLOCK;
    room.files += written === null ? 0 : 1;
  }
  return rooms;
}

/** Bytes of the new files that a step makes; null when it makes none. */
function bytesWritten(step: AnyStep, inPlace: ReadonlySet<AnyStep>): number | null {
  switch (step.op) {
    case 'cut-file':
      return inPlace.has(step) ? step.from - step.to : step.to;
    case 'rewrite-keys':
      return step.to;
    case 'replace-file':
      return step.after.length / 2;
    // The log that is kept is copied where it cannot have a second link.
    case 'rewind-log':
      return sizeAfter(step) + (step.from ?? 0);
    default:
      return null;
  }
}

/**
 * Refuses a rollback for which there is too little room. Participants on one file system share it.
 * @param inPlace the steps whose file is cut where it is: its tail is written, and not what stays of it
 * @throws RollbackError ERR_PREFLIGHT
 */
export function refuseTooLittleRoom(context: TransactionContext, inPlace: ReadonlySet<AnyStep>): void {
  const { fs } = context;
  const byDevice = new Map<string, Room & { dir: string }>();
  for (const [dir, { bytes, files }] of roomIn(context, inPlace)) {
    const { dev } = fs.lstat(dir);
    const shared = byDevice.get(dev);
    byDevice.set(dev, { dir, bytes: bytes + (shared?.bytes ?? 0), files: files + (shared?.files ?? 0) });
  }
  for (const { dir, bytes, files } of byDevice.values()) {
    const free = fs.freeBytes(dir);
    if (free !== null && free < bytes)
      throw noRoomError(
        `${kib(Math.floor(free / 1024))} are free, and ${kib(Math.ceil(bytes / 1024))} are needed`,
        dir,
      );
    const left = fs.freeInodes(dir);
    if (left !== null && left < files)
      throw noRoomError(
        `${left} inodes are free, one for each file, and ${files} are needed`,
        dir,
        `Remove files on that file system: \`${shellCommand(['df', '-i', dir])}\` counts them`,
      );
  }
}

const kib = (count: number): string => `${count.toLocaleString('en-US')} KiB`;

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
