/** Colours by meaning, so that every report uses the same ones. */
import pc from 'picocolors';

type Formatter = (text: string) => string;

/** The meanings of a piece of text; without colours every function returns the text unchanged. */
export interface Paint {
  readonly heading: Formatter;
  readonly kept: Formatter;
  readonly cut: Formatter;
  readonly removed: Formatter;
  readonly warn: Formatter;
  readonly good: Formatter;
  readonly quiet: Formatter;
}

/** The colours, or plain text. */
export function paint(color: boolean): Paint {
  const c = pc.createColors(color);
  return {
    heading: c.bold,
    kept: c.green,
    cut: c.yellow,
    removed: c.red,
    warn: c.yellow,
    good: c.green,
    quiet: c.dim,
  };
}
