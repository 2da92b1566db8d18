#!/usr/bin/env node
/** The command: hands its arguments on and exits with what comes back. */
import { main } from '../lib/cli/main.ts';

process.exit(await main(process.argv.slice(2)));
