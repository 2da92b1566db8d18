/** Next steps as commands to be pasted, also where they are longer than a line. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { GivenSource } from '../../lib/cli/given-source.ts';
import { withWholeCommands } from '../../lib/report/next-steps.ts';
import { formatDuration, labelled, wrap } from '../../lib/report/text.ts';

describe('report/next-steps', () => {
  const { wholeCommand } = new GivenSource({ src: ['/data/a', "/data/it's b"], snapshotDir: '/snap shots' });

  it('completes commands in backticks with the roots that were given, quoted', () => {
    const roots = "--src /data/a --src '/data/it'\\''s b'";
    expect(withWholeCommands('Run `litt-rollback status`, or `undo`.', wholeCommand)).to.equal(
      `Run \`litt-rollback status ${roots}\`, or \`litt-rollback undo ${roots} --snapshot-dir '/snap shots'\`.`,
    );
    const words = wholeCommand('purge').replace('litt-rollback', 'printf "%s\\n"');
    expect(execFileSync('sh', ['-c', words], { encoding: 'utf8' }).trim().split('\n')).to.deep.equal([
      'purge',
      '--src',
      '/data/a',
      '--src',
      "/data/it's b",
      '--snapshot-dir',
      '/snap shots',
    ]);
  });

  it('names the home where a home was given, and no snapshot directory that is none', () => {
    const home = new GivenSource({ home: '/n', snapshotDir: 'none' });
    expect(home.wholeCommand('resume')).to.equal('litt-rollback resume --home /n');
    home.set({ src: ['/a'] });
    expect(home.wholeCommand('undo')).to.equal('litt-rollback undo --src /a');
    expect(new GivenSource({}).wholeCommand('undo')).to.equal('litt-rollback undo');
  });

  it('leaves everything else alone', () => {
    const text = 'litt-rollback undo, `litt-rollback plan --src X`, `yes` and `undo it`';
    expect(withWholeCommands(text, wholeCommand)).to.equal(text);
    expect(withWholeCommands('`undo`', undefined)).to.equal('`undo`');
  });
});

describe('report/text: what is longer than its line', () => {
  it('keeps what stands in backticks in one piece', () => {
    expect(wrap('run `a b c d e f` or `g h` now', 12)).to.deep.equal([
      'run',
      '`a b c d e f`',
      'or `g h` now',
    ]);
    expect(wrap('an odd ` backtick stands here', 12)).to.deep.equal(['an odd `', 'backtick', 'stands here']);
  });

  it('begins further left what does not fit into its column, and nowhere outside of the width', () => {
    const hash = 'a'.repeat(64);
    const lines = labelled('last kept', `segment 2, key ${hash}`, { width: 80 });
    expect(lines).to.deep.equal(['  last kept      segment 2, key', `${' '.repeat(16)}${hash}`]);
    expect(labelled('key', hash, { width: 80 })).to.deep.equal(['  key', `${' '.repeat(16)}${hash}`]);
    expect(labelled('a label that is long', 'text', { width: 80 })).to.deep.equal([
      '  a label that is long',
      '                 text',
    ]);
    expect(labelled('', 'text', { width: 80 })).to.deep.equal(['                 text']);
  });

  it('tells how long something took', () => {
    const told = [420, 9_949, 12_000, 75_400, 7_500_000].map(formatDuration);
    expect(told).to.deep.equal(['0.4 s', '9.9 s', '12 s', '1 min 15 s', '2 h 5 min']);
  });
});
