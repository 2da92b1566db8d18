/** Many names in few words: `rpc-[001-006,008]`. */

interface Numbered {
  readonly before: string;
  readonly after: string;
  readonly digits: string;
}

/** Names that differ in their last number alone become one; the order is that of their first members. */
export function foldNames(names: readonly string[]): string[] {
  const groups = new Map<string, Numbered[]>();
  for (const name of names) {
    const [, before = name, digits = '', after = ''] = /^(.*?)(\d{1,15})(\D*)$/s.exec(name) ?? [];
    // Without its number a name is a group of its own, and so is each width where zeros stand in front.
    const width = digits.startsWith('0') && digits !== '0' ? digits.length : 0;
    const key = JSON.stringify([before, after, digits === '' ? 'none' : width]);
    groups.set(key, [...(groups.get(key) ?? []), { before, after, digits }]);
  }
  return merged([...groups.values()]).map(foldGroup);
}

/** Numbers of full width need no zeros in front: 001 to 120 are one group. */
function merged(groups: readonly Numbered[][]): Numbered[][] {
  const whole: Numbered[][] = [];
  for (const group of groups) {
    const [{ before, after, digits }] = group as [Numbered];
    const padded = whole.find(
      ([first]) =>
        first !== undefined &&
        first.before === before &&
        first.after === after &&
        first.digits.startsWith('0') !== digits.startsWith('0') &&
        [...group].every((n) => n.digits.length === first.digits.length),
    );
    if (padded === undefined) whole.push([...group]);
    else padded.push(...group);
  }
  return whole;
}

function foldGroup(group: readonly Numbered[]): string {
  const [{ before, after, digits }] = group as [Numbered];
  if (group.length === 1) return `${before}${digits}${after}`;
  const sorted = [...new Set(group.map((n) => n.digits))].sort((a, b) => Number(a) - Number(b));
  return `${before}[${rangesOf(sorted).join(',')}]${after}`;
}

function rangesOf(sorted: readonly string[]): string[] {
  const ranges: string[] = [];
  let start = 0;
  for (let i = 1; i <= sorted.length; i++) {
    if (i < sorted.length && Number(sorted[i]) === Number(sorted[i - 1]) + 1) continue;
    const [first, last] = [sorted[start] as string, sorted[i - 1] as string];
    ranges.push(first === last ? first : `${first}-${last}`);
    start = i;
  }
  return ranges;
}
