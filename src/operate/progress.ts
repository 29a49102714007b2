const WIDTH = 30;
const EVERY_MS = 200;

/**
 * A bar for each phase of a long command: redrawn on a terminal a few times a second, else one line when a phase begins.
 * @returns `show`, which takes the part that is done, between 0 and 1; and `end`, which leaves the line
 */
export const progressBar = (out: NodeJS.WriteStream) => {
  const now = () => Date.now(); // eslint-disable-line no-restricted-syntax -- how often a person sees the bar move
  let [phase, shown] = ['', 0];
  return {
    show(next: string, part: number, note = ''): void {
      const begins = next !== phase;
      if (begins && phase && out.isTTY) out.write('\n');
      phase = next;
      if (!out.isTTY) return void (begins && out.write(`${phase}\n`));
      if (!begins && now() - shown < EVERY_MS && part < 1) return;
      shown = now();
      out.write(`\r${phase.padEnd(9)} ${'█'.repeat(Math.round(part * WIDTH)).padEnd(WIDTH, '░')} ${Math.floor(part * 100)} %${note} `);
    },
    end(): void {
      if (phase && out.isTTY) out.write('\n');
      phase = '';
    },
  };
};
