import { isAmount, minor, showAmount, type Value } from '../kernel/index.js';
import { dateText } from './words.js';

export interface Step {
  readonly on: string;
  readonly value: Value;
  readonly label: string;
}
/** Steps that a chart has at most: the newest. */
const MOST = 40;
const amounts = (steps: readonly Step[]): readonly number[] => {
  const currency = steps.map(({ value }) => (isAmount(value) ? value.currency : undefined)).find((c) => c !== undefined);
  return steps.flatMap(({ value }) => (isAmount(value) && value.currency === currency ? [Number(minor(value))] : []));
};

/** A small line of steps, for a cell; nothing where there are fewer than two figures. The cell beside it says the same in words. */
export const Spark = ({ values }: { readonly values: readonly Value[] }) => {
  const figures = amounts(values.map((value) => ({ on: '', label: '', value }))).slice(-MOST);
  const most = Math.max(...figures);
  if (figures.length < 2 || most <= 0) return null;
  const width = 88 / figures.length;
  const y = (n: number) => (17 - (n / most) * 15).toFixed(1);
  const path = figures.map((n, i) => `${i === 0 ? 'M' : 'L'}${(i * width).toFixed(1)} ${y(n)}H${((i + 1) * width).toFixed(1)}`).join('');
  return (
    <svg class="spark" viewBox="0 0 88 18" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
};

/** The ceiling over its changes: each step with its figure; the dashed line is the original. The table beside it says the same. */
export const Steps = ({ steps: all, title }: { readonly steps: readonly Step[]; readonly title: string }) => {
  const steps = all.filter(({ value }) => isAmount(value)).slice(-MOST);
  const figures = amounts(steps);
  if (figures.length < 2 || figures.length !== steps.length) return null;
  const most = Math.max(...figures);
  if (most <= 0) return null;
  const [width, height, left, top, bottom] = [720, 240, 8, 28, 200];
  const each = (width - left * 2) / steps.length;
  const y = (n: number) => bottom - (n / most) * (bottom - top);
  const line = figures
    .map((n, i) => `${i === 0 ? 'M' : 'L'}${(left + i * each).toFixed(1)} ${y(n).toFixed(1)}H${(left + (i + 1) * each).toFixed(1)}`)
    .join('');
  const isNarrow = each < 110;
  return (
    <svg class="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
      <path class="area" d={`${line}V${bottom}H${left}Z`} />
      <line class="axis" x1={left} x2={width - left} y1={bottom} y2={bottom} />
      <line class="base" x1={left} x2={width - left} y1={y(figures[0]!)} y2={y(figures[0]!)} />
      <path class="step" d={line} />
      {steps.map(({ value, on, label }, i) => (
        <g>
          <text x={left + i * each + 6} y={y(figures[i]!) - 8}>
            {isNarrow && i > 0 && i < steps.length - 1 ? '' : isAmount(value) ? showAmount(value) : ''}
          </text>
          {!(isNarrow && i % Math.ceil(110 / each) !== 0) && (
            <>
              <text x={left + i * each + 6} y={bottom + 16}>
                {short(label)}
              </text>
              <text class="soft" x={left + i * each + 6} y={bottom + 31}>
                {short(shortDate(on))}
              </text>
            </>
          )}
        </g>
      ))}
    </svg>
  );
};
const short = (text: string): string => (text.length > 26 ? `${text.slice(0, 25)}…` : text);
/** A year or two, where a range is too long for a chart. */
const shortDate = (on: string): string => {
  const [, from, until] = /^\[(\d{4})[^.]*\.\.(\d{4})/.exec(on) ?? [];
  return from === undefined ? dateText(on) : from === until ? from : `${from} to ${until}`;
};
