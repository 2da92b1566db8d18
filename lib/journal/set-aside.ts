/** Moves files that an engine has made since the intent into the area, under names of their own. */
import { join } from 'node:path';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { FileRef } from '../types.ts';
import type { Participants } from './participants.ts';

/**
 * Moves a file or directory into the area of its participant, under a name of its own. Returns both paths:
 * neither is durable yet.
 */
export function setAside(
  fs: DurableFs,
  participants: Participants,
  file: FileRef,
): readonly [string, string] {
  const from = join(participants.base(file.root), file.path);
  const kept = participants.keptIn(file.root);
  let n = 0;
  while (lstatOrNull(fs, join(kept, `${n}.made`)) !== null) n++;
  const to = join(kept, `${n}.made`);
  fs.rename(from, to);
  return [from, to];
}
