import { describe, expect, it } from '@jest/globals';
import { Budget } from '../../src/http/budget.js';

/** Works so many milliseconds without a pause. */
const work = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end;);
};
/** Others who use the loop: some work in each of its turns. */
const others = () => {
  let [turns, isOver] = [0, false];
  const turn = (): void => {
    turns++;
    work(1);
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  return { turns: () => turns, end: () => (isOver = true) };
};

describe('work that nobody waits for', () => {
  it('lets others have their turns within each piece of it', async () => {
    const budget = new Budget(0.5);
    const busy = others();
    budget.begin();
    let breaths = 0;
    for (const begun = busy.turns(); busy.turns() < begun + 40; breaths++) {
      work(2);
      await budget.breathe();
      expect(breaths).toBeLessThan(400);
    }
    busy.end();
  });

  it('takes its share of the time and no more while others use the loop', async () => {
    const budget = new Budget(0.25);
    const busy = others();
    const begun = performance.now();
    budget.begin();
    work(20);
    expect(await budget.rest()).toBe(true);
    busy.end();
    expect(performance.now() - begun).toBeGreaterThanOrEqual(79);
  });

  it('rests no longer than a message may wait', async () => {
    const budget = new Budget(0.0001);
    const busy = others();
    budget.begin();
    work(5);
    const begun = performance.now();
    const gave = Promise.race([budget.rest(), new Promise((resolve) => setTimeout(resolve, 15_000, 'too long'))]);
    expect(await gave).toBe(true);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(179);
    busy.end();
  });
});
