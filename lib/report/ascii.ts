/** The same text for a terminal whose locale has no UTF-8. */

/** Signs that texts of this program use, and what stands for them. Bars keep their meaning: every shade has its own sign. */
const SIGNS: Readonly<Record<string, string>> = {
  '█': '#',
  '▓': '=',
  '▒': '+',
  '░': '.',
  '·': '-',
  '–': '-',
  '…': '...',
  '→': '->',
};

const ANY_SIGN = new RegExp(`[${Object.keys(SIGNS).join('')}]`, 'g');

/** Only signs of this program are replaced: a path or a key stays as it is. */
export function inAscii(text: string): string {
  return text.replace(ANY_SIGN, (sign) => SIGNS[sign] ?? sign);
}

/** Whether the locale of an environment has no UTF-8. Without any variable it is the one of POSIX, which has none. */
export function lacksUtf8(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || 'C';
  return !/utf-?8/i.test(locale);
}
