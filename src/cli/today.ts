/** The day on the calendar of the machine that a command runs on. */
export const today = (): string => Temporal.Now.plainDateISO().toString(); // eslint-disable-line no-restricted-syntax -- a command line is asked on a day
