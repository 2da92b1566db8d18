#!/usr/bin/env node
/** The command: hands its arguments on and exits with what comes back. */
import { main } from '../lib/cli/main.ts';

void main(process.argv.slice(2)).then((code) => process.exit(code));
