/** Numbers as people read them. A height is copied from a text to the command line, which takes it as it is. */

/** 1234567 → "1,234,567"; from a number, or from its decimal digits. */
export function formatCount(value: number | bigint | string): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A target in words with its height grouped: "height 1,024,000". Every other target stays as it is. */
export function targetText(target: string): string {
  const height = /^height (\d+)$/.exec(target)?.[1];
  return height === undefined ? target : `height ${formatCount(height)}`;
}
