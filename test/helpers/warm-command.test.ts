/** The command in a warm process: what it answers is what a process of its own answers. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { run } from './command.ts';
import { unpackNamed } from './transactions.ts';
import { WarmCommand } from './warm-command.ts';

describe('the command in a warm process', function () {
  this.timeout(120_000);
  const warm = WarmCommand.forSuite();

  it('answers like one in a process of its own, whatever it was asked before', async () => {
    const { databases } = unpackNamed('blocks');
    const src = ['--src', databases[0]?.[0] as string];
    const asked = [
      ['--version'],
      ['plan', ...src, '--height', '1027', '--detailed-exitcode'],
      ['plan', ...src],
      ['inspect', ...src, '--json'],
      ['apply', ...src, '--height', '1027'],
      ['verify', '--src', '/'],
      ['status', ...src],
      ['no-such-command'],
    ];
    for (const args of [...asked, ...asked.reverse()]) {
      const [own, other] = [await run(args), await warm.run(args)];
      // A plan has an id and times of its own.
      const steady = (text: string): string => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[\d.,]+ m?s\b/g, '#');
      expect(other.code, args.join(' ')).to.equal(own.code);
      expect(steady(other.stdout), args.join(' ')).to.equal(steady(own.stdout));
      expect(steady(other.stderr), args.join(' ')).to.equal(steady(own.stderr));
    }
  });

  it('leaves no lock to the next run', async () => {
    const { databases } = unpackNamed('blocks');
    const [root = ''] = databases[0] ?? [];
    const args = ['apply', '--src', root, '--height', '1027', '--yes'];
    expect((await warm.run(args)).code).to.equal(0);
    expect(existsSync(join(root, 'litt.lock'))).to.equal(false);
    expect((await warm.run(args)).stdout).to.match(/nothing to do/i);
  });
});
