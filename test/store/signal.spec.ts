import { describe, expect, it } from '@jest/globals';
import { Signal, TooManyWaitersError } from '../../src/store/signal.js';

const never = new AbortController().signal;
/** Whether a promise has settled once all that can run without waiting has run. */
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let is = false;
  const done = () => void (is = true);
  promise.then(done, done);
  await new Promise((resolve) => setImmediate(resolve));
  return is;
};

describe('a signal', () => {
  it('wakes each waiter once its own condition holds, and nobody before', async () => {
    const signal = new Signal();
    let [at, checks] = [0, 0];
    const waiting = [1, 2, 2].map((n) => signal.wait(never, () => (checks++, at >= n)));
    const all = async () => Promise.all(waiting.map(settled));
    expect(await all()).toEqual([false, false, false]);
    signal.notifyAll();
    expect(await all()).toEqual([false, false, false]);
    expect(checks).toBe(6); // once when it began to wait, once for each notification
    at = 1;
    signal.notifyAll();
    expect(await all()).toEqual([true, false, false]);
    at = 2;
    signal.notifyAll();
    expect([await all(), signal.size]).toEqual([[true, true, true], 0]);
  });

  it('does not wait for what holds already, nor for what is not wanted any more', async () => {
    const signal = new Signal();
    await signal.wait(never, () => true);
    await signal.wait(AbortSignal.abort(), () => false);
    const gone = new AbortController();
    const waiting = signal.wait(gone.signal, () => false);
    expect([await settled(waiting), signal.size]).toEqual([false, 1]);
    gone.abort();
    expect([await settled(waiting), signal.size]).toEqual([true, 0]);
  });

  it('refuses a waiter beyond its bound, and takes one again when another has left', async () => {
    const signal = new Signal(2);
    const gone = new AbortController();
    const first = signal.wait(gone.signal, () => false);
    void signal.wait(never, () => false);
    await expect(signal.wait(never, () => false)).rejects.toThrow(TooManyWaitersError);
    gone.abort();
    await first;
    expect(await settled(signal.wait(never, () => false))).toBe(false);
  });

  it('gives the error of a condition to the waiter it belongs to', async () => {
    const signal = new Signal();
    let broken = false;
    const one = signal.wait(never, () => {
      if (broken) throw new Error('The file is gone.');
      return false;
    });
    const other = signal.wait(never, () => broken);
    broken = true;
    signal.notifyAll();
    await expect(one).rejects.toThrow('The file is gone.');
    await other;
    expect(signal.size).toBe(0);
  });
});
