#!/usr/bin/env node
/** The command: hands its arguments on and exits with what comes back. A batch forks it once more for each worker. */
import { main } from '../lib/cli/main.ts';
import { WORKER_ARGUMENT } from '../lib/fleet/worker-argument.ts';

const [first] = process.argv.slice(2);
if (first === WORKER_ARGUMENT && process.send !== undefined)
  void import('../lib/cli/batch-worker.ts').then(({ runWorker }) => runWorker());
else void main(process.argv.slice(2)).then((code) => process.exit(code));
