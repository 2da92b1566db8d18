/**
 * Extended attributes, access lists and exact times, for which Node has no calls: `cp` of GNU or uutils copies them from
 * file to file. Neither a library nor anything to compile: the command is wherever a shell is, but for the smallest
 * systems (BusyBox), where the caller is told that nothing was copied.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { errnoOfWords } from '../errno.ts';

/** `access`: mode, access list and extended attributes. `times`: of access and of change, to the nanosecond. */
export type Attributes = 'access' | 'times';

const PRESERVED: Readonly<Record<Attributes, string>> = { access: 'mode,xattr', times: 'timestamps' };
const ATTRIBUTES_ONLY = '--attributes-only';
/** Where SELinux is, labels are kept, too; elsewhere `cp` stops at the word. */
const SELINUX = '/sys/fs/selinux/enforce';

let isAvailable: boolean | null = null;

/**
 * Copies attributes of one file to another. False where this system has no way to; then nothing is changed.
 * @throws an error as those of node:fs
 */
export function copyAttributes(from: string, to: string, what: Attributes): boolean {
  isAvailable ??= run([ATTRIBUTES_ONLY, '--preserve=xattr', '--version']).status === 0;
  if (!isAvailable) return false;
  const context = what === 'access' && existsSync(SELINUX) ? ',context' : '';
  const { status, stderr, error } = run([
    ATTRIBUTES_ONLY,
    `--preserve=${PRESERVED[what]}${context}`,
    '--',
    from,
    to,
  ]);
  if (status === 0) return true;
  throw failure(error ?? String(stderr), to);
}

function run(words: readonly string[]) {
  const path = `${process.env['PATH'] ?? ''}:/usr/bin:/bin`;
  return spawnSync('cp', words, { env: { PATH: path, LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** What `cp` says ends in the words of the system's error. */
function failure(said: Error | string, path: string): Error {
  const text = said instanceof Error ? said.message : said.trim();
  const known =
    said instanceof Error
      ? (said as NodeJS.ErrnoException).code
      : errnoOfWords(text.split(': ').at(-1) ?? '');
  const code = known ?? 'EIO';
  return Object.assign(new Error(`${code}: copy attributes: ${text}`), {
    code,
    path,
    syscall: 'copy attributes',
  });
}
