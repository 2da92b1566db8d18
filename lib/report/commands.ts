/** Whole commands, ready to be pasted: a next step names the roots that were given. */
import { shellCommand } from '../format/shell-word.ts';

/** What a command about a rollback is given. */
export interface CommandSource {
  readonly roots: readonly string[];
  readonly snapshotDir?: string | null | undefined;
}

/** "litt-rollback undo --src /data/a --src /data/b", quoted for the shell. */
export function commandOn(
  command: string,
  { roots, snapshotDir }: CommandSource,
  more: readonly string[] = [],
): string {
  const source = roots.flatMap((root) => ['--src', root]);
  if (snapshotDir != null) source.push('--snapshot-dir', snapshotDir);
  return shellCommand(['litt-rollback', command, ...source, ...more]);
}
