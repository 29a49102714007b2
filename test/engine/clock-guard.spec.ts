import { describe, expect, it } from '@jest/globals';
import { ClockError, ClockGuard, daysAhead, latestRecordedAt } from '../../src/engine/write/clock-guard.js';
import type { NewEvent } from '../../src/kernel/index.js';
import { MemoryStore } from '../fakes/memory-store.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const START = '2026-11-24T09:30:00.000Z';
const after = (ms: number, from = START): string => new Date(Date.parse(from) + ms).toISOString();

/** A machine whose clocks the test moves, and a log whose watermark follows what was recorded. */
const machine = (watermark?: string, acceptedWatermark?: string) => {
  const at = { wall: Date.parse(START), uptime: 5000, watermark };
  const logged: string[] = [];
  const guard = new ClockGuard({
    now: () => new Date(at.wall).toISOString(),
    uptime: () => at.uptime,
    watermark: () => at.watermark,
    acceptedWatermark,
    onRefused: (message) => logged.push(`refused: ${message}`),
    onAccepted: (message) => logged.push(`accepted: ${message}`),
  });
  const pass = (ms: number) => {
    at.wall += ms;
    at.uptime += ms;
  };
  const refusal = (): ClockError | undefined => {
    try {
      guard.check();
      return undefined;
    } catch (error) {
      return error as ClockError;
    }
  };
  return {
    guard,
    logged,
    pass,
    refusal,
    /** Time passes, with a look at the clock each second. */
    watch(ms: number) {
      for (let passed = 0; passed < ms; passed += SECOND) {
        pass(SECOND);
        guard.state();
      }
    },
    jump: (ms: number) => void (at.wall += ms),
    record: () => (at.watermark = guard.now()),
  };
};

describe('the clock', () => {
  it('is trusted while it goes on', () => {
    const { guard, pass, record, logged } = machine();
    for (let i = 0; i < 10; i++) {
      pass(DAY + i);
      record();
    }
    expect([guard.state(), logged]).toEqual(['trusted', []]);
  });

  it('that is two years ahead for one command records nothing, and is trusted again a minute after it was set right', () => {
    const { guard, jump, record, watch, refusal, pass } = machine(START);
    jump(730 * DAY);
    expect(record).toThrow(ClockError);
    expect(guard.state()).toBe('jumped');
    jump(-730 * DAY);
    pass(SECOND);
    expect(refusal()).toBeInstanceOf(ClockError);
    watch(59 * SECOND);
    expect(guard.state()).toBe('jumped');
    watch(SECOND);
    expect(record()).toBe(after(61 * SECOND));
  });

  it('may be set by up to a day, forth and back, where nothing was recorded ahead', () => {
    const { guard, jump } = machine(after(-3 * DAY));
    jump(DAY);
    expect(guard.state()).toBe('trusted');
    jump(-DAY);
    expect(guard.state()).toBe('trusted');
    jump(-DAY - 1);
    expect(guard.state()).toBe('jumped');
  });

  it('is refused when it is more than a minute behind what was recorded', () => {
    const { guard, jump, record } = machine();
    record();
    jump(-MINUTE);
    expect(guard.state()).toBe('trusted');
    jump(-1);
    expect(guard.state()).toBe('behind');
  });

  it('that starts behind is refused until it has been ahead for a minute', () => {
    const { guard, watch, refusal } = machine(after(10 * MINUTE));
    expect(refusal()?.message).toContain(after(10 * MINUTE));
    watch(10 * MINUTE - SECOND); // a minute behind would be enough for a clock that was trusted before
    expect(guard.state()).toBe('behind');
    watch(MINUTE);
    expect(guard.state()).toBe('behind');
    watch(SECOND);
    expect(guard.state()).toBe('trusted');
  });

  it('that jumped forward because the machine slept is trusted after a minute', () => {
    const { guard, jump, watch } = machine(START);
    jump(3 * DAY);
    expect(guard.state()).toBe('jumped');
    watch(MINUTE);
    expect(guard.state()).toBe('trusted');
    jump(DAY);
    expect(guard.state()).toBe('trusted'); // measured from where it was trusted
  });

  it('that keeps jumping is never trusted', () => {
    const { guard, jump, watch } = machine(START);
    jump(3 * DAY);
    for (let i = 0; i < 10; i++) {
      watch(50 * SECOND);
      jump(2 * SECOND);
    }
    expect(guard.state()).toBe('jumped');
  });

  it('that is corrected by small steps still agrees', () => {
    const { guard, jump, watch } = machine(START);
    jump(3 * DAY);
    expect(guard.state()).toBe('jumped');
    watch(30 * SECOND);
    jump(400);
    watch(30 * SECOND);
    expect(guard.state()).toBe('trusted');
  });

  it('is logged once when it is refused, and once when it is trusted again', () => {
    const { jump, watch, refusal, logged } = machine(START);
    jump(3 * DAY);
    for (let i = 0; i < 5; i++) refusal();
    watch(2 * MINUTE);
    expect(logged).toEqual([expect.stringMatching(/^refused: The clock jumped to 2026-11-27/), expect.stringMatching(/^accepted: /)]);
  });

  it('behind a watermark that the operator names is accepted, behind any other it is not', () => {
    const wrong = after(730 * DAY);
    expect(machine(wrong).guard.state()).toBe('behind');
    expect(machine(wrong, after(-1, wrong)).guard.state()).toBe('behind');
    const { guard, pass, refusal } = machine(wrong, wrong);
    pass(MINUTE);
    expect([guard.state(), refusal()]).toEqual(['trusted', undefined]);
  });

  it('behind an accepted watermark may still not jump', () => {
    const wrong = after(730 * DAY);
    const { guard, jump } = machine(wrong, wrong);
    jump(-2 * DAY);
    expect(guard.state()).toBe('jumped');
  });

  it('says when to send the command again: within an hour at the latest', () => {
    const { jump, refusal } = machine(after(-2 * DAY));
    jump(-3 * DAY);
    expect(refusal()?.retryAfter).toBe(60 * MINUTE);
    const slept = machine(START);
    slept.jump(3 * DAY);
    expect(slept.refusal()?.retryAfter).toBe(MINUTE);
    slept.pass(20 * SECOND);
    expect(slept.refusal()?.retryAfter).toBe(40 * SECOND);
    const late = machine(after(5 * MINUTE));
    expect(late.refusal()?.retryAfter).toBe(6 * MINUTE);
  });
});

describe('a ledger that is opened', () => {
  it('finds its latest instant near the end of the log, wherever it lies there, however long the log is', async () => {
    const store = new MemoryStore();
    const recorded = (from: number, instants: readonly string[]) =>
      store.append(
        'supplier-s',
        from - 1,
        instants.map((recordedAt, i) => ({ id: `e${from + i}`, type: 'X', data: {}, metadata: { recordedAt } }) as unknown as NewEvent),
      );
    expect(await latestRecordedAt(store)).toBeUndefined();
    await recorded(0, [after(DAY)]);
    expect(await latestRecordedAt(store)).toBe(after(DAY));
    await recorded(
      1,
      Array.from({ length: 2500 }, (_, i) => after(i === 1600 ? 5 * MINUTE : i)),
    );
    store.readAll = () => Promise.reject(new Error('The whole log is read.'));
    expect(await latestRecordedAt(store)).toBe(after(5 * MINUTE));
  });

  it('counts the days since its last record, where they are more than 30', () => {
    expect(daysAhead(START, after(-30 * DAY))).toBeUndefined();
    expect(daysAhead(START, after(-31 * DAY))).toBe(31);
    expect(daysAhead(START, after(DAY))).toBeUndefined();
    expect(daysAhead(START, undefined)).toBeUndefined();
  });
});
