/** Whole commands, ready to be pasted: a next step names the roots that were given. */
import { shellCommand } from '../format/shell-word.ts';

/** What a command about a rollback is given: roots, or the home of a node. */
export interface CommandSource {
  readonly roots: readonly string[];
  readonly home?: string | undefined;
  readonly snapshotDir?: string | null | undefined;
  readonly logIndex?: string | undefined;
}

/** "litt-rollback undo --src /data/a --src /data/b", quoted for the shell. */
export function commandOn(
  command: string,
  { roots, home, snapshotDir, logIndex }: CommandSource,
  more: readonly string[] = [],
): string {
  const source = home === undefined ? roots.flatMap((root) => ['--src', root]) : ['--home', home];
  if (snapshotDir != null) source.push('--snapshot-dir', snapshotDir);
  if (logIndex !== undefined) source.push('--log-index', logIndex);
  return shellCommand(['litt-rollback', command, ...source, ...more]);
}
