/** The day that the calendar of whoever runs a command shows. */
export const today = (): string => Temporal.Now.plainDateISO().toString(); // eslint-disable-line no-restricted-syntax -- a command line is asked on a day
