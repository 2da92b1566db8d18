/** Asks the user on the terminal; the answer must be the whole word. */
import { createInterface } from 'node:readline/promises';
import { RollbackError } from '../errors.ts';
import type { Context } from './context.ts';

/** What a person is asked: the question, and what it is about. */
export interface Question {
  readonly text: string;
  readonly subject: string;
  /** What is said where there was no answer to wait for. */
  readonly unconfirmed: string;
}

const APPLY: Question = {
  text: 'Apply this plan?',
  subject: 'The plan',
  unconfirmed: 'The plan was not confirmed',
};

/**
 * Returns when the user typed `yes`; every other answer, and no answer, is a refusal.
 * @param remarks lines to print right above the question
 */
export async function confirm(
  context: Context,
  remarks: readonly string[],
  { text, subject, unconfirmed }: Question = APPLY,
): Promise<void> {
  if (!context.interactive) {
    throw new RollbackError('ERR_NOT_CONFIRMED', {
      what: unconfirmed,
      why: 'There is no terminal to ask on, and nothing is changed without a confirmation',
      next: `Read ${subject.toLowerCase()}, then run the same command with --yes`,
    });
  }
  if (context.out.closed) {
    throw new RollbackError('ERR_NOT_CONFIRMED', {
      what: `${subject} could not be shown`,
      why: 'Standard output was closed before its end',
      next: 'Run the command without a pager that stops reading',
    });
  }
  for (const remark of remarks) await context.err.say(`Note: ${remark}\n`);
  await context.err.say(`${text} Type "yes" to continue: `);
  const answer = await readLine(context);
  if (answer?.trim() === 'yes') return;
  throw new RollbackError('ERR_NOT_CONFIRMED', {
    what: answer === null ? 'No answer came' : 'The answer was not `yes`',
    why: 'Nothing was changed',
  });
}

async function readLine(context: Context): Promise<string | null> {
  // Not a raw terminal: Ctrl-C stays a signal, and signals are handled in one place.
  const lines = createInterface({ input: process.stdin, terminal: false });
  const ended = new Promise<null>((resolve) => lines.once('close', () => resolve(null)));
  try {
    return await Promise.race([lines.question('', { signal: context.signals.signal }), ended]);
  } catch (error) {
    // The terminal has shown ^C behind the question.
    await context.err.say('\n');
    await context.signals.checkpoint();
    throw error;
  } finally {
    lines.close();
    process.stdin.pause();
  }
}
