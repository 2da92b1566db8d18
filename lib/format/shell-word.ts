/** Arguments of a command, quoted for the shell: a next step is a whole command. */
import { hasForeignBytes, withBytesShown } from './foreign-bytes.ts';

/** One argument, quoted for a POSIX shell (bash for control characters). */
export function shellQuote(argument: string): string {
  if (/^[\p{L}\p{N}_@%+=:,./-]+$/u.test(argument)) return argument;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(argument) || hasForeignBytes(argument)) {
    const escaped = withBytesShown(argument.replace(/[\\']/g, '\\$&'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: see above
    return `$'${escaped.replace(/[\u0000-\u001f\u007f-\u009f]/g, escapeControl)}'`;
  }
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

function escapeControl(c: string): string {
  if (c === '\n') return '\\n';
  if (c === '\t') return '\\t';
  return `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A whole command line, ready to be pasted. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}
