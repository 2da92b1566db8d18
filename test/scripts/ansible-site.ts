/** Hosts of Ansible on this machine: each has a node, and a service that holds the lock of its database. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COMMAND } from '../cli/process.ts';
import { HEIGHT, makeFleet, type TestFleet } from '../helpers/fleet.ts';
import { isAlive } from '../helpers/temp.ts';
import { Crash } from './crash.ts';
import { FLEET_SCRIPTS, runTool, shell, type ToolResult } from './ops-tools.ts';

const PLAYBOOKS = join(FLEET_SCRIPTS, 'ansible');

/** Holds the lock as the engine does; refuses to start where a lock lies, and starts and stops only once. */
const SERVICE = `#!/bin/sh
set -eu
dir="$(dirname "$0")"
lock="$dir/$2/root/litt.lock"
pid="$dir/$2.pid"
case "$1" in
start)
  if [ -e "$pid" ]; then exit 0; fi
  if [ -e "$lock" ]; then echo "$lock is there" >&2; exit 1; fi
  setsid sleep 900 </dev/null >/dev/null 2>&1 &
  echo $! >"$pid"
  printf 'PID: %s\\nLocked at: 2026-01-01T00:00:00Z\\n' $! >"$lock"
  ;;
stop)
  if [ ! -e "$pid" ]; then exit 0; fi
  kill "$(cat "$pid")"
  rm "$lock" "$pid"
  ;;
esac
`;

/** As many hosts, `n-01` and so on, whose services run. */
export class AnsibleSite {
  readonly fleet: TestFleet;
  readonly #playbook: string;
  readonly #service: string;
  readonly #crash: Crash;

  constructor(count: number, playbook: string) {
    this.fleet = makeFleet(count);
    this.#playbook = playbook;
    this.#service = join(this.fleet.dir, 'service');
    this.#crash = new Crash(this.fleet.dir);
    writeFileSync(this.#service, SERVICE, { mode: 0o755 });
    writeFileSync(join(this.fleet.dir, 'hosts.json'), JSON.stringify(this.#inventory()));
    for (const name of this.fleet.names) this.service('start', name);
  }

  /** Adds a host that does not answer. */
  addUnreachable(name: string): void {
    const hosts = { [name]: { ansible_connection: 'ssh', ansible_host: '127.0.0.1', ansible_port: 1 } };
    writeFileSync(join(this.fleet.dir, 'hosts.json'), JSON.stringify(this.#inventory(hosts)));
  }

  /** The next change of the second node is killed in its middle. */
  arm(): void {
    this.#crash.arm();
  }

  /** Runs a playbook to its end. */
  play(name: string, ...args: readonly string[]): Promise<ToolResult> {
    const own = ['-i', join(this.fleet.dir, 'hosts.json'), '-e', 'litt_rollback_run=incident-7'];
    const env = {
      ANSIBLE_HOME: join(this.fleet.dir, 'ansible'),
      ANSIBLE_LOCAL_TEMP: join(this.fleet.dir, 'tmp'),
      ANSIBLE_REMOTE_TEMP: join(this.fleet.dir, 'tmp'),
      ANSIBLE_NOCOLOR: '1',
      ANSIBLE_RETRY_FILES_ENABLED: '0',
    };
    return runTool(this.#playbook, [join(PLAYBOOKS, name), ...own, ...args], { cwd: this.fleet.dir, env });
  }

  /** Starts or stops the service of a node. */
  service(action: 'start' | 'stop', name: string): void {
    shell(`'${this.#service}' ${action} ${name}`);
  }

  /** The process of a node's service; null where it is stopped. */
  running(name: string): number | null {
    const file = join(this.fleet.dir, `${name}.pid`);
    if (!existsSync(file)) return null;
    const pid = Number(readFileSync(file, 'utf8'));
    return isAlive(pid) ? pid : null;
  }

  /** Stops all services and removes everything. */
  end(): void {
    for (const name of this.fleet.names) this.service('stop', name);
    this.fleet.end();
  }

  #inventory(more: Readonly<Record<string, object>> = {}): object {
    const { dir, names } = this.fleet;
    const hosts = Object.fromEntries(
      names.map((name, i) => [name, i === 1 ? { litt_rollback_command: this.#killable() } : {}]),
    );
    const vars = {
      ansible_connection: 'local',
      ansible_python_interpreter: join(dirname(this.#playbook), 'python3'),
      litt_rollback_command: [process.execPath, COMMAND],
      litt_rollback_height: HEIGHT,
      litt_rollback_dir: `${dir}/runs/{{ inventory_hostname }}`,
      litt_rollback_nodes: [
        { name: '{{ inventory_hostname }}', src: [`${dir}/{{ inventory_hostname }}/root`] },
      ],
      litt_rollback_stop: [this.#service, 'stop', '{{ inventory_hostname }}'],
      litt_rollback_start: [this.#service, 'start', '{{ inventory_hostname }}'],
    };
    return {
      litt_nodes: { hosts: { ...hosts, ...more }, vars },
      others: { hosts: { other: { ansible_connection: 'local' } } },
    };
  }

  /** The second host is the one that can be killed. */
  #killable(): string[] {
    return ['env', `NODE_OPTIONS=${this.#crash.nodeOptions}`, process.execPath, COMMAND];
  }
}
