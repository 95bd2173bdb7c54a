import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/**
 * A life is `<pid>-<start>`: start is the kernel's start time of the process, in clock ticks since boot, 0 where the
 * system has no /proc. The pid alone would not do: in a container every life of the service has the same one.
 */
let own: string | undefined;

export function ownLife(): string {
  own ??= `${process.pid}-${ownStart()}`;
  return own;
}

/** True if the process of that life still runs. */
export async function isAlive(life: string): Promise<boolean> {
  if (life === ownLife()) return true;
  const [pid = '', start = ''] = life.split('-');
  if (ownStart() === '0') return answers(Number(pid));
  try {
    return startOf(await readFile(`/proc/${pid}/stat`, 'utf8')) === start;
  } catch {
    return false;
  }
}

function ownStart(): string {
  try {
    return startOf(readFileSync('/proc/self/stat', 'utf8')) ?? '0';
  } catch {
    return '0';
  }
}

/** Field 22 of /proc/<pid>/stat; undefined for a process that has ended and waits for its parent to notice. */
function startOf(stat: string): string | undefined {
  // The second field is the program's name, which may itself hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
