/** Moves files that an engine has made since the intent into the area, under names of their own. */
import { join } from 'node:path';
import { areaPath, KEPT_DIR } from '../store/area.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { ParticipantName, Participants } from './participants.ts';

/**
 * Moves a file or directory into the area of its participant, under a name of its own. Returns both paths:
 * neither is durable yet.
 */
export function setAside(
  fs: DurableFs,
  participants: Participants,
  file: { readonly root: ParticipantName; readonly path: string },
): readonly [string, string] {
  const base = participants.base(file.root);
  const from = join(base, file.path);
  const kept = join(areaPath(base, participants.id), KEPT_DIR);
  let n = 0;
  while (lstatOrNull(fs, join(kept, `${n}.made`)) !== null) n++;
  const to = join(kept, `${n}.made`);
  fs.rename(from, to);
  return [from, to];
}
