/** An error as a person reads it on standard error, and as a program does. */
import { asIoError, describePlace, type ErrorCode, REPORT_DEFECT, RollbackError } from '../errors.ts';
import { printable, wrap } from '../report/text.ts';
import { exitCodeOf } from './exit-codes.ts';

/** How to print an error. */
export interface ErrorStyle {
  readonly json: boolean;
  /** Adds the chain of causes and stacks. */
  readonly verbose: boolean;
  readonly signal: NodeJS.Signals | null;
  /** Columns at which lines are broken; without it they are not, as in a file. */
  readonly width?: number | undefined;
  /** Remarks that were held back; only with JSON. */
  readonly notes?: readonly string[];
}

/** Everything that goes to standard error for one error. */
export function errorToText(error: unknown, style: ErrorStyle): string {
  const known = asKnownError(error);
  const stack = [
    ...(known.kind === 'defect' ? stackLines(known.cause ?? known) : []),
    ...(style.verbose ? causeLines(known) : []),
  ];
  if (style.json) return `${JSON.stringify(errorDocument(known, stack, style))}\n`;
  const lines = [...messageLines(known), `  For more, see ${sectionOf(known.code)}`];
  return `${[...lines.flatMap((line) => broken(line, style.width)), ...stack].join('\n')}\n`;
}

/** Where the documentation explains a code: the anchor that Markdown gives to a heading. */
export function sectionOf(code: ErrorCode): string {
  return `docs/errors.md#${code.toLowerCase()}`;
}

/** An error of the system that nothing has wrapped is one all the same; anything else that is not ours is a defect. */
export function asKnownError(error: unknown): RollbackError {
  if (error instanceof RollbackError) return error;
  const path = (error as NodeJS.ErrnoException | null)?.path ?? 'a file';
  const state = 'What state that leaves `litt-rollback status` tells';
  const known = asIoError(error, path, 'do what was asked', state);
  return known instanceof RollbackError ? known : asDefectError(error);
}

/** Whatever was thrown that is not one of our errors is a defect of this program. */
export function asDefectError(error: unknown): RollbackError {
  const message = error instanceof Error ? error.message : String(error);
  return new RollbackError(
    'ERR_DEFECT',
    {
      what: `This is a defect of litt-rollback: ${message}`,
      why: 'The program met something that it was not written for',
      next: REPORT_DEFECT,
    },
    {},
    error,
  );
}

function errorDocument(
  error: RollbackError,
  stack: readonly string[],
  style: ErrorStyle,
): Record<string, unknown> {
  return {
    message_type: 'error',
    version: 1,
    code: error.code,
    kind: error.kind,
    exit_code: exitCodeOf(error, style.signal),
    what: error.what,
    ...(error.details.length > 0 && { details: error.details }),
    why: error.why ?? null,
    next: error.next ?? null,
    place: error.place,
    ...(stack.length > 0 && { stack: stack.map((line) => line.trim()) }),
    ...(style.notes !== undefined && style.notes.length > 0 && { notes: style.notes }),
  };
}

function messageLines(error: RollbackError): string[] {
  const place = describePlace(error.place, error.what);
  const where = place === '' ? '' : ` (${printable(place)})`;
  const lines = [`litt-rollback: ${printable(withoutStop(error.what))}${where} [${error.code}]`];
  for (const detail of error.details) lines.push(`  ${printable(detail)}`);
  if (error.why !== undefined) lines.push(`  ${printable(sentence(error.why))}`);
  if (error.next !== undefined) lines.push(`  Next: ${printable(sentence(error.next))}`);
  return lines;
}

/** A line in several, the later ones further right: what is copied whole stays whole. */
function broken(line: string, width: number | undefined): string[] {
  if (width === undefined || line.length <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const [first = '', ...more] = wrap(line.trimStart(), Math.max(width - indent.length - 2, 30));
  return [`${indent}${first}`, ...more.map((text) => `${indent}  ${text}`)];
}

const withoutStop = (text: string): string => text.replace(/\.$/, '');

const sentence = (text: string): string => (/[.!?:]$/.test(text) ? text : `${text}.`);

function stackLines(cause: unknown): string[] {
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return stack.split('\n').map((line) => `  ${line.trimStart()}`);
}

function causeLines(error: RollbackError): string[] {
  const lines = ['  Stack:', ...stackLines(error).slice(1)];
  let cause: unknown = error.cause;
  for (let depth = 0; cause !== undefined && cause !== null && depth < 10; depth += 1) {
    lines.push('  Caused by:', ...stackLines(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}
