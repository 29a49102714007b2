/** The unit of the last digit of a figure that is not zero, in the figure's own smallest units: 100 of 800. Of zero it is `ofZero`. */
export const lastUnit = (figure: bigint, ofZero = 1n): bigint => {
  if (figure === 0n) return ofZero;
  let unit = 1n;
  while (figure % (unit * 10n) === 0n) unit *= 10n;
  return unit;
};
