/**
 * Progress of long work: a bar on a terminal, plain lines elsewhere if the user asks for them, JSON lines for
 * programs. Work of less than a second shows nothing.
 */
import type { SingleBar } from 'cli-progress';
import { inAscii } from '../report/ascii.ts';
import { formatBytes, formatCount } from '../report/text.ts';
import type { Progress } from '../types.ts';
import type { ProgressDisplay, When } from './context.ts';
import type { Output } from './output.ts';

const DELAY_MS = 1000;
const LINE_INTERVAL_MS = 1000;

/** The input that decides how progress looks. */
export interface ProgressSetup {
  readonly when: When;
  readonly quiet: boolean;
  /** Standard error is a terminal. */
  readonly terminal: boolean;
  readonly err: Output;
  /** Without signs that need UTF-8. */
  readonly ascii: boolean;
  /** Where JSON lines go; null when progress is for people. */
  readonly jsonLines: Output | null;
}

/** Chooses the display. */
export function progressDisplay(setup: ProgressSetup): ProgressDisplay {
  if (setup.when === 'never' || setup.quiet) return SILENT;
  if (setup.jsonLines !== null)
    return setup.when === 'always' ? lineDisplay(jsonWriter(setup.jsonLines)) : SILENT;
  if (setup.terminal) return barDisplay(setup.when === 'always' ? 0 : DELAY_MS, setup.ascii);
  return setup.when === 'always' ? lineDisplay((p) => setup.err.say(`${describe(p)}\n`)) : SILENT;
}

const SILENT: ProgressDisplay = { report: undefined, stop: async () => {} };

const WORDS: Record<Progress['phase'], string> = {
  scan: 'reading',
  heights: 'comparing heights',
  check: 'checking',
  apply: 'applying',
  verify: 'verifying',
  purge: 'freeing',
};

function describe(progress: Progress): string {
  const amount = (n: number): string => (progress.unit === 'bytes' ? formatBytes(n) : formatCount(n));
  const unit = progress.unit === 'bytes' ? '' : ` ${progress.unit}`;
  const table = progress.table === '' ? '' : ` ${progress.table}`;
  return `${WORDS[progress.phase]}${table}: ${amount(progress.done)} of ${amount(progress.total)}${unit}`;
}

function jsonWriter(out: Output): (progress: Progress) => Promise<void> {
  return (progress) => out.sayJson({ message_type: 'progress', version: 1, ...progress });
}

/** A line at each change of phase or table, and one a second in between. */
function lineDisplay(write: (progress: Progress) => Promise<void>): ProgressDisplay {
  let last = '';
  let lastAt = 0;
  return {
    report(progress) {
      const what = `${progress.phase} ${progress.table}`;
      const now = Date.now();
      if (what === last && now - lastAt < LINE_INTERVAL_MS && progress.done < progress.total) return;
      last = what;
      lastAt = now;
      void write(progress);
    },
    stop: async () => {},
  };
}

/** A bar on standard error. The library that draws it is loaded with the first bar. */
function barDisplay(delay: number, ascii: boolean): ProgressDisplay {
  const startedAt = Date.now();
  let make: (() => SingleBar) | null = null;
  let loading: Promise<void> | null = null;
  let bar: SingleBar | null = null;
  let shown = '';
  let stopped = false;

  const load = async (): Promise<void> => {
    make = await loadBar(ascii);
  };
  const draw = (progress: Progress): void => {
    const what = `${progress.phase} ${progress.table}`;
    const payload = { text: describe(progress) };
    if (bar === null || what !== shown) {
      bar?.stop();
      bar = make!();
      bar.start(Math.max(progress.total, 1), progress.done, payload);
      shown = what;
    } else {
      bar.update(progress.done, payload);
    }
  };

  return {
    report(progress) {
      if (stopped || Date.now() - startedAt < delay) return;
      if (make !== null) draw(progress);
      else loading ??= load();
    },
    async stop() {
      stopped = true;
      await loading;
      bar?.stop();
      bar = null;
    },
  };
}

async function loadBar(ascii: boolean): Promise<() => SingleBar> {
  const { default: progress } = await import('cli-progress');
  const sign = (text: string): string => (ascii ? inAscii(text) : text);
  return () =>
    new progress.SingleBar({
      format: sign('{bar} {percentage}% · {text}'),
      barCompleteChar: sign('█'),
      barIncompleteChar: sign('░'),
      barsize: 24,
      clearOnComplete: true,
      hideCursor: true,
      stream: process.stderr,
      // Signals are handled in one place (signals.ts).
      gracefulExit: false,
    });
}
