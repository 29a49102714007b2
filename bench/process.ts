import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process has used so far: CPU microseconds by thread, added up where threads share a name. */
export type Cpu = Readonly<Record<string, number>>;

const TICKS_PER_SECOND = 100; // of /proc/…/stat, on every Linux

/** Reads a file of /proc. @returns undefined when the process or the thread has ended */
const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** User and system time in a file `stat`, in microseconds. */
const ticksIn = (stat: string): number => {
  const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13); // prettier-ignore
  return ((Number(user) + Number(system)) / TICKS_PER_SECOND) * 1e6;
};

/** `schedstat` counts nanoseconds; a kernel without it leaves the ticks of `stat`, 10 ms each. */
const threadMicros = (task: string): number | undefined => {
  const nanoseconds = Number(read(`${task}/schedstat`)?.split(' ')[0] ?? 0);
  if (nanoseconds > 0) return nanoseconds / 1000;
  const stat = read(`${task}/stat`);
  if (stat === undefined) return undefined;
  return ticksIn(stat);
};

/** CPU by thread: `main`, and the others by the name that the kernel knows them by. Empty when the process has ended. */
export const cpuOf = (pid: number): Cpu => {
  const used: Record<string, number> = {};
  let tasks: string[];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return used;
  }
  for (const task of tasks) {
    const micros = threadMicros(`/proc/${pid}/task/${task}`);
    const name = task === String(pid) ? 'main' : read(`/proc/${pid}/task/${task}/comm`)?.trim();
    if (micros !== undefined && name !== undefined) used[name] = (used[name] ?? 0) + micros;
  }
  return used;
};

/** All CPU microseconds of a process, of threads that have ended too, in steps of 10 ms. @returns undefined when it has ended */
export const cpuWithEnded = (pid: number): number | undefined => {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : ticksIn(stat);
};

/** What was used between two readings. A thread that ended meanwhile is not counted. */
export const cpuBetween = (before: Cpu, after: Cpu): Cpu =>
  Object.fromEntries(Object.entries(after).map(([name, micros]) => [name, Math.max(0, micros - (before[name] ?? 0))]));

export const totalOf = (cpu: Cpu): number => Object.values(cpu).reduce((sum, micros) => sum + micros, 0);

/** Bytes of memory: held now, and at most so far. @returns undefined when the process has ended */
export const memoryOf = (pid: number): { readonly rss: number; readonly peak: number } | undefined => {
  const status = read(`/proc/${pid}/status`);
  const bytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status ?? '')?.[1]) * 1024;
  return status === undefined || Number.isNaN(bytes('VmRSS')) ? undefined : { rss: bytes('VmRSS'), peak: bytes('VmHWM') };
};

/** The process of this machine that listens on a port. @returns undefined when there is none that this user may see */
export const listenerOn = (port: number): number | undefined => {
  const LISTENING = '0A';
  const lines = ['tcp', 'tcp6'].flatMap((table) => (read(`/proc/net/${table}`) ?? '').split('\n'));
  const inodes = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === LISTENING && parseInt(local.split(':')[1]!, 16) === port)
    .map((columns) => `socket:[${columns[9]}]`);
  const holds = (pid: string): boolean => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.includes(readlinkSync(`/proc/${pid}/fd/${fd}`)));
    } catch {
      return false; // it has ended, or belongs to another user
    }
  };
  const pid = inodes.length === 0 ? undefined : readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name));
  return pid === undefined ? undefined : Number(pid);
};
