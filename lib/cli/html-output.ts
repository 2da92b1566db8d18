/** `--html FILE`: the result as a page for people, under the rule of every file that a person names. */
import { isEarlierPage } from '../report/html-page.ts';
import { realFs } from '../store/durable-fs.ts';
import { type OutputRule, refuseOutput, writeOutput } from '../store/output-file.ts';

const ruleFor = (databaseDirs: readonly string[], signal?: AbortSignal): OutputRule => ({
  what: 'page',
  databaseDirs,
  isEarlier: isEarlierPage,
  signal,
});

/** Refuses a page that could not be written, before any work is done for it. @throws RollbackError ERR_USAGE, ERR_IO */
export function refuseHtmlOutput(path: string | undefined, databaseDirs: readonly string[]): void {
  if (path !== undefined) refuseOutput(realFs, path, ruleFor(databaseDirs));
}

/**
 * Writes a page, whole or not at all.
 * @param signal ends a wait for a pipe to be read
 * @throws RollbackError ERR_USAGE, ERR_IO, ERR_INTERRUPTED
 */
export async function writeHtml(
  path: string | undefined,
  databaseDirs: readonly string[],
  text: () => string,
  signal?: AbortSignal,
): Promise<void> {
  if (path !== undefined) await writeOutput(realFs, path, Buffer.from(text()), ruleFor(databaseDirs, signal));
}
